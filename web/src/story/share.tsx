/** The link to a story, as letters and as a QR code; in the name of somebody, where a token is needed. */
import { Copy } from 'lucide'
import { useState } from 'preact/hooks'
import { encode } from 'uqr'
import { askJson } from '../device/api.ts'
import { LONGEST_NAME } from '../device/caller.ts'
import { pathOf } from '../device/path.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'

export interface ShareParts {
  readonly story: string
  /** In open mode the plain link is enough. */
  readonly needsToken: boolean
  /** Whether the caller may invite others. */
  readonly manages: boolean
  readonly close: () => void
}

const LOOPBACK = /^(localhost|127\.|\[::1\])/

export const ShareDialog = ({ story, needsToken, manages, close }: ShareParts) => {
  const plain = `${location.origin}/s/${encodeURIComponent(story)}`
  const [invited, setInvited] = useState<string | null>(null)
  const link = invited ?? plain
  const copy = () =>
    navigator.clipboard.writeText(link).then(
      () => say({ text: words.linkCopied }),
      (error: Error) => say({ text: words.failed(error.message) }),
    )
  const isAsking = needsToken && manages && invited === null
  return (
    <Dialog title={words.shareTitle} close={close}>
      {isAsking && <Inviting story={story} link={plain} invited={setInvited} />}
      {!isAsking && (
        <>
          <p class="faint">{hintOf(needsToken, invited !== null)}</p>
          <QrCode text={link} />
          <input
            class="field share-link"
            readOnly
            value={link}
            aria-label={words.share}
            onFocus={(event) => event.currentTarget.select()}
          />
        </>
      )}
      {LOOPBACK.test(location.hostname) && <p class="faint small">{words.shareLocal}</p>}
      <div class="row dialog-end">
        <button type="button" class="button" onClick={close}>
          {words.close}
        </button>
        {!isAsking && (
          <button type="button" class="button main" autofocus onClick={copy}>
            <Icon of={Copy} />
            {words.copyLink}
          </button>
        )}
      </div>
    </Dialog>
  )
}

const hintOf = (needsToken: boolean, isInvited: boolean): string => {
  if (isInvited) return words.invited
  return needsToken ? words.shareNeedsToken : words.shareHint
}

const DAYS = [1, 7, 30]

interface InvitingParts {
  readonly story: string
  readonly link: string
  readonly invited: (link: string) => void
}

/** The token goes into the fragment of the link, which no server and no log ever sees. */
const Inviting = ({ story, link, invited }: InvitingParts) => {
  const [name, setName] = useState('')
  const [grant, setGrant] = useState('write')
  const [days, setDays] = useState('7')
  const invite = async () => {
    try {
      const asking = { method: 'POST', body: { name: name.trim(), grant, days: Number(days) } } as const
      const { token } = await askJson<{ token: string }>(story, `${pathOf(story)}/invitations`, asking)
      invited(`${link}#${new URLSearchParams({ token })}`)
    } catch (error) {
      say({ text: words.failed((error as Error).message) })
      invited(link)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') void invite()
      }}
    >
      <p class="faint">{words.inviteHint}</p>
      <label class="label" for="invited">
        {words.inviteWhom}
      </label>
      <input
        id="invited"
        class="field"
        autocomplete="off"
        autofocus
        maxLength={LONGEST_NAME}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <div class="row invite-how">
        <select
          class="field"
          aria-label={words.inviteMay}
          value={grant}
          onChange={(event) => setGrant(event.currentTarget.value)}
        >
          <option value="write">{words.mayWrite}</option>
          <option value="read">{words.mayRead}</option>
        </select>
        <select
          class="field"
          aria-label={words.inviteDays}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        >
          {DAYS.map((each) => (
            <option key={each} value={String(each)}>
              {words.forDays(each)}
            </option>
          ))}
        </select>
      </div>
      <button type="submit" class="button main">
        {words.makeLink}
      </button>
    </form>
  )
}

const QrCode = ({ text }: { readonly text: string }) => {
  const { data, size } = encode(text, { border: 2 })
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={words.qrOf} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join('')} fill="#201a16" />
    </svg>
  )
}
