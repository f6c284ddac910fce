/** The console at /admin. */
import { render } from 'preact'
import { ConsoleApp } from './app.tsx'

render(<ConsoleApp />, document.getElementById('app') as HTMLElement)
