/** The editor at /s/<story>. */
import { render } from 'preact'
import { nameFault } from '../../../shared/names.ts'
import { takeToken } from '../device/caller.ts'
import { keepApp } from '../device/worker.ts'
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

const story = storyInAddress()
if (story === null) location.replace('/')
else {
  takeToken(story)
  render(<StoryApp story={story} />, document.getElementById('app') as HTMLElement)
  keepApp()
}
