/** What somebody who writes has to know now, and what they can do about it. */

import type { IconNode } from 'lucide'
import { CircleAlert, Lock, Snowflake, WifiOff } from 'lucide'
import type { ComponentChildren } from 'preact'
import type { PageState, Provider } from '../../../shared/provider/provider.ts'
import { Icon } from '../ui/icon.tsx'
import { LinkAsked } from '../ui/link-asked.tsx'
import { words } from '../words/words.ts'

interface NoticeParts {
  readonly icon: IconNode
  readonly kind?: 'bad' | 'good'
  readonly children: ComponentChildren
}

export const Notice = ({ icon, kind, children }: NoticeParts) => (
  <div class={`notice ${kind ?? ''}`} role={kind === 'bad' ? 'alert' : 'status'}>
    <Icon of={icon} />
    {children}
  </div>
)

export interface NoticesParts {
  readonly state: PageState
  readonly provider: Provider
  readonly story: string
  /** Whether the first attempt to reach the service has ended. */
  readonly isTried: boolean
  readonly keepCopy: () => void
  readonly linkTaken: () => void
}

/** Codes after which a fresh token helps. */
const BY_LINK = ['denied']

export const Notices = ({ state, provider, story, isTried, keepCopy, linkTaken }: NoticesParts) => {
  const { connection, refused, readOnly, storageFault, frozen } = state
  const isDenied = connection === 'denied' && refused !== null && BY_LINK.includes(refused.code)
  return (
    <div class="notices">
      {isDenied && (
        <Notice icon={Lock} kind="bad">
          <p>
            <strong>{words.linkEnded}</strong> {words.linkEndedHint(refused.reason)}
          </p>
          <LinkAsked story={story} taken={linkTaken} />
        </Notice>
      )}
      {refused !== null && !isDenied && (
        <Notice icon={CircleAlert} kind="bad">
          <p>
            <strong>{words.refused}.</strong> {words.refusedHint(refused.reason)}
          </p>
          <Ways provider={provider} keepCopy={keepCopy} />
        </Notice>
      )}
      {readOnly !== null && (
        <Notice icon={frozen ? Snowflake : Lock}>
          <p>
            <strong>{words.readOnly}.</strong> {words.reason(readOnly)}
          </p>
        </Notice>
      )}
      {readOnly === null && frozen && (
        <Notice icon={Snowflake}>
          <p>{words.frozenForOthers}</p>
        </Notice>
      )}
      {isTried && (connection === 'offline' || connection === 'connecting') && (
        <Notice icon={WifiOff}>
          <p>{words.offline}</p>
        </Notice>
      )}
      {storageFault !== null && (
        <Notice icon={CircleAlert} kind="bad">
          <p>{words.storageFault(storageFault)}</p>
        </Notice>
      )}
    </div>
  )
}

const Ways = ({ provider, keepCopy }: { readonly provider: Provider; readonly keepCopy: () => void }) => (
  <div class="row">
    <button type="button" class="button" onClick={keepCopy}>
      {words.keepCopy}
    </button>
    <button
      type="button"
      class="button"
      onClick={() => {
        if (confirm(words.dropSure)) void provider.dropChange()
      }}
    >
      {words.drop}
    </button>
    <button type="button" class="button main" onClick={() => provider.tryAgain()}>
      {words.tryAgain}
    </button>
  </div>
)
