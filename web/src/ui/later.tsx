/** Parts of the app that are loaded when they are first shown, or when there is nothing else to do. */
import type { FunctionComponent, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { words } from '../words/words.ts'

const parts: (() => Promise<unknown>)[] = []

/**
 * @param load imports the part
 * @param meanwhile stands in its place until it is there
 */
export const later = <Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
  meanwhile: () => JSX.Element | null = () => null,
): FunctionComponent<Props> => {
  let part: FunctionComponent<Props> | null = null
  const bring = async (): Promise<void> => {
    part ??= await load()
  }
  parts.push(bring)
  return (props) => {
    const [isThere, setThere] = useState(part !== null)
    const [isAway, setAway] = useState(false)
    useEffect(() => {
      if (isThere) return
      let isLeft = false
      bring().then(
        () => {
          if (!isLeft) setThere(true)
        },
        () => {
          if (!isLeft) setAway(true)
        },
      )
      return () => {
        isLeft = true
      }
    }, [])
    const Part = part
    if (Part !== null) return <Part {...props} />
    return isAway ? <Away /> : meanwhile()
  }
}

/** Brings every part, so that it is there without a network, and in a window that outlives its build. */
export const bringParts = async (): Promise<void> => {
  for (const bring of parts) {
    // A part that does not come now is asked for again when it is shown.
    await bring().catch((error: unknown) => console.info('a part of the app did not come:', error))
  }
}

const Away = () => (
  <div class="notice bad" role="alert">
    <p>{words.partAway}</p>
    <button type="button" class="button" onClick={() => location.reload()}>
      {words.reload}
    </button>
  </div>
)
