/** The app. */
import { render } from 'preact'

const App = () => (
  <main class="console">
    <h1>App</h1>
  </main>
)

render(<App />, document.getElementById('app') as HTMLElement)
