/** Lets an operator in: by the token they give, or at once where the service asks for none. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { words } from '../words/console.ts'
import { ask, Fault, keepToken, tokenNow } from './service.ts'

type Standing = { readonly kind: 'asking' } | { readonly kind: 'in' } | { readonly kind: 'out'; readonly why: string }

export const Gate = ({ children }: { readonly children: (leave: () => void) => ComponentChildren }) => {
  const [standing, setStanding] = useState<Standing>({ kind: 'asking' })
  const knock = () => {
    setStanding({ kind: 'asking' })
    ask('/admin/nodes').then(
      () => setStanding({ kind: 'in' }),
      (error: unknown) => setStanding({ kind: 'out', why: whyOf(error) }),
    )
  }
  useEffect(knock, [])
  const leave = () => {
    keepToken('')
    knock()
  }
  switch (standing.kind) {
    case 'in':
      return <>{children(leave)}</>
    case 'asking':
      return <p class="blank faint">{words.knocking}</p>
    case 'out':
      return <Asked why={standing.why} knock={knock} />
    default:
      return standing satisfies never
  }
}

const whyOf = (error: unknown): string => {
  if (!(error instanceof Fault)) return String(error)
  if (error.status === 401 && tokenNow() === '') return ''
  if (error.status === 0) return words.away
  return error.message
}

const Asked = ({ why, knock }: { readonly why: string; readonly knock: () => void }) => {
  const [token, setToken] = useState('')
  return (
    <main class="blank">
      <h1>{words.theConsole}</h1>
      <p>{words.forOperators}</p>
      <form
        class="gate"
        onSubmit={(event) => {
          event.preventDefault()
          keepToken(token.trim())
          knock()
        }}
      >
        <label class="label" for="token">
          {words.token}
        </label>
        <input
          id="token"
          class="field"
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {why !== '' && (
          <p class="notice bad" role="alert">
            {why}
          </p>
        )}
        <button type="submit" class="button main">
          {words.enter}
        </button>
      </form>
      <p class="faint small">{words.howTokens('npx scriptorium token --help')}</p>
    </main>
  )
}
