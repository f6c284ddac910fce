/** The link to a story, as letters and as a QR code. */
import { Copy } from 'lucide'
import { encode } from 'uqr'
import { tokenFor } from '../device/caller.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'

const LOOPBACK = /^(localhost|127\.|\[::1\])/

export const ShareDialog = ({ story, close }: { readonly story: string; readonly close: () => void }) => {
  const link = `${location.origin}/s/${encodeURIComponent(story)}`
  const copy = () =>
    navigator.clipboard.writeText(link).then(
      () => say({ text: words.linkCopied }),
      (error: Error) => say({ text: words.failed(error.message) }),
    )
  return (
    <Dialog title={words.shareTitle} close={close}>
      <p class="faint">{tokenFor(story) === null ? words.shareHint : words.shareNeedsToken}</p>
      <QrCode text={link} />
      <input
        class="field"
        readOnly
        value={link}
        aria-label={words.share}
        onFocus={(event) => event.currentTarget.select()}
      />
      {LOOPBACK.test(location.hostname) && <p class="faint small">{words.shareLocal}</p>}
      <div class="row dialog-end">
        <button type="button" class="button" onClick={close}>
          {words.close}
        </button>
        <button type="button" class="button main" onClick={copy}>
          <Icon of={Copy} />
          {words.copyLink}
        </button>
      </div>
    </Dialog>
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
