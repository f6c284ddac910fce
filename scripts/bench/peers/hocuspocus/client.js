/** Fresh clients of Hocuspocus: reads the rooms named as JSON on stdin and writes their texts as JSON to stdout. */
import { HocuspocusProvider } from '@hocuspocus/provider'
import * as Y from 'yjs'

const [, , url, root] = process.argv
const PATIENCE_MS = 60_000

const read = (name) =>
  new Promise((resolve, reject) => {
    const document = new Y.Doc()
    const timer = setTimeout(() => reject(new Error(`${name}: a fresh client is not synced`)), PATIENCE_MS)
    const provider = new HocuspocusProvider({
      url,
      name,
      document,
      token: 'bench',
      onSynced: () => {
        clearTimeout(timer)
        resolve(document.getText(root).toString())
        provider.destroy()
      },
    })
  })

let input = ''
for await (const piece of process.stdin) input += piece
const texts = []
for (const name of JSON.parse(input)) texts.push(await read(name))
process.stdout.write(JSON.stringify(texts), () => process.exit())
