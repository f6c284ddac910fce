/** The stories at /. */
import { render } from 'preact'
import { takeToken } from '../device/tokens.ts'
import { keepApp } from '../device/worker.ts'
import { words } from '../words/words.ts'
import { StoriesApp } from './app.tsx'

takeToken(null)
document.title = words.appName
render(<StoriesApp />, document.getElementById('app') as HTMLElement)
keepApp()
