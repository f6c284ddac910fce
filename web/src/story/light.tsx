/** The light: what of this story is in the database, what is on its way, what is on this device alone. */
import { Cloud, CloudCheck, CloudUpload, HardDrive } from 'lucide'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/words.ts'
import type { Light } from './session.ts'

const LOOKS = {
  saved: { icon: CloudCheck, text: words.saved },
  sent: { icon: CloudUpload, text: words.sent },
  'on this device': { icon: HardDrive, text: words.here },
}

export const SavedLight = ({ light }: { readonly light: Light }) => {
  const { icon, text } = light.state === null ? { icon: Cloud, text: words.opening } : LOOKS[light.state]
  return (
    <div class="light" data-state={light.state ?? 'opening'} title={longOf(light)} role="status" aria-live="polite">
      <Icon of={icon} />
      <span class="light-words">{text}</span>
    </div>
  )
}

const longOf = ({ state, count, pictures }: Light): string => {
  if (state === null) return words.opening
  if (state === 'saved') return words.savedLong
  if (state === 'sent') return words.sentLong
  return pictures > 0 ? `${words.hereLong(count)} ${words.picturesWait(pictures)}` : words.hereLong(count)
}
