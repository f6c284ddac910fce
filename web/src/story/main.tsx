/** The editor at /s/<story>. */
import { render } from 'preact'
import { nameFault } from '../../../shared/names.ts'
import { takeToken } from '../device/caller.ts'
import { afterwards, waitNoLonger } from '../device/usable.ts'
import { keepApp } from '../device/worker.ts'
import { bringParts } from '../ui/later.tsx'
import { StoryApp } from './app.tsx'

const storyInAddress = (): string | null => {
  try {
    const story = decodeURIComponent(location.pathname.split('/')[2] ?? '')
    return nameFault(story) === null ? story : null
  } catch {
    // Not valid percent-encoding: no story has this address.
    return null
  }
}

/** Without them the page is in the system's letters until it is opened again: nobody is kept from writing. */
const bringLetters = (): Promise<unknown> =>
  import('../style/letters.css').catch((error: unknown) => console.info('the letters of the app did not come:', error))

const story = storyInAddress()
if (story === null) location.replace('/')
else {
  takeToken(story)
  render(<StoryApp story={story} />, document.getElementById('app') as HTMLElement)
  // From the device they take no time of the editor's.
  if (navigator.serviceWorker?.controller) void bringLetters()
  else afterwards(bringLetters)
  afterwards(bringParts)
  afterwards(keepApp)
  waitNoLonger()
}
