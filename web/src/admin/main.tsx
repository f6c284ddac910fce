/** The console at /admin. */
import { render } from 'preact'

const Console = () => (
  <main class="console">
    <h1>Console</h1>
  </main>
)

render(<Console />, document.getElementById('app') as HTMLElement)
