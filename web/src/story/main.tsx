/** The editor at /s/<story>. */
import { render } from 'preact'
import { takeToken } from '../device/tokens.ts'
import { afterwards, waitNoLonger } from '../device/usable.ts'
import { keepApp } from '../device/worker.ts'
import { bringParts } from '../ui/later.tsx'
import { storyInAddress } from './address.ts'
import { StoryApp } from './app.tsx'

/** Without them the page is in the system's letters until it is opened again: nobody is kept from writing. */
const bringLetters = (): Promise<unknown> =>
  import('../style/letters.css').catch((error: unknown) => console.info('the letters of the app did not come:', error))

const story = storyInAddress()
if (story === null) location.replace('/')
else {
  // It comes with the first files: so it is ready when there is a page to show.
  import('./page.tsx').catch(() => undefined)
  takeToken(story)
  render(<StoryApp story={story} />, document.getElementById('app') as HTMLElement)
  // From the device they take no time of the editor's.
  if (navigator.serviceWorker?.controller) void bringLetters()
  else afterwards(bringLetters)
  afterwards(bringParts)
  afterwards(keepApp)
  waitNoLonger()
}
