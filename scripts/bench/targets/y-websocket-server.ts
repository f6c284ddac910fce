/** The peer that most people run: @y/websocket-server, in memory, installed by npm on first use. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { connectInspector } from '../inspector.ts'
import { peersManifest, results } from '../paths.ts'
import { startProcess } from '../processes.ts'
import type { Target } from './target.ts'

const folder = join(results, 'peers')
const program = join(folder, 'node_modules', '@y', 'websocket-server', 'src', 'server.js')

/** @throws Error when npm cannot install it */
export const yWebsocketServerTarget = async (): Promise<Target> => {
  await install()
  return {
    name: await nameWithVersion(),
    isPeer: true,
    databasePids: async () => [],
    start: async (releases, inspected) => {
      const port = await freePort()
      const inspect = inspected ? ['--inspect=127.0.0.1:0'] : []
      const env = { HOST: '127.0.0.1', PORT: String(port) }
      const running = startProcess(process.execPath, [...inspect, program], { cwd: folder, env })
      releases.push(running.stop)
      await running.line(/running at/)
      const inspector = inspected
        ? await connectInspector((await running.line(/Debugger listening on (ws:\/\/\S+)/))[1] ?? '')
        : null
      const stop = async () => {
        inspector?.close()
        await running.stop()
      }
      return { pid: running.pid, endpoint: { base: `ws://127.0.0.1:${port}`, acknowledges: false }, inspector, stop }
    },
  }
}

const install = async (): Promise<void> => {
  const installed = join(folder, 'package.json')
  const wanted = await readFile(peersManifest, 'utf8')
  if (existsSync(program) && (await readFile(installed, 'utf8')) === wanted) return
  process.stderr.write('installing the peers …\n')
  await mkdir(folder, { recursive: true })
  await copyFile(peersManifest, installed)
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--omit=dev']
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  const code = await new Promise<number | null>((resolve, reject) => {
    npm.once('error', reject)
    npm.once('close', resolve)
  })
  if (code !== 0 || !existsSync(program)) throw new Error(`npm could not install the peers (exit code ${code})`)
}

const nameWithVersion = async (): Promise<string> => {
  const manifest = join(folder, 'node_modules', '@y', 'websocket-server', 'package.json')
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  return `@y/websocket-server ${version}`
}
