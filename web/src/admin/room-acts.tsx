/** What can be done about a page, each act behind its question. */
import { useState } from 'preact/hooks'
import { words } from '../words/console.ts'
import { Act } from './act.tsx'
import type { Target } from './past.tsx'
import { ask, pagePath, roomPath, work } from './service.ts'
import type { DoctorReport, PageName } from './told.ts'

const { acts } = words

export type RoomAct =
  | { readonly kind: 'check' | 'fold' | 'freeze' | 'thaw' | 'close' }
  | { readonly kind: 'restore'; readonly to: Target }

export interface RoomActsParts {
  readonly act: RoomAct
  readonly page: PageName
  readonly close: () => void
  readonly examined: (report: DoctorReport) => void
}

export const RoomActs = ({ act, page: { story, page }, close, examined }: RoomActsParts) => {
  const [reason, setReason] = useState('')
  const room = roomPath(story, page)
  const path = pagePath(story, page)
  switch (act.kind) {
    case 'check': {
      const check = async () => {
        examined(await work<DoctorReport>('/admin/doctor', { story, page }))
        return null
      }
      return <Act saying={acts.check} act={check} close={close} />
    }
    case 'fold': {
      const fold = async () => {
        await ask(`${room}/fold`, { method: 'POST' })
        return acts.fold.done
      }
      return <Act saying={acts.fold} act={fold} close={close} />
    }
    case 'freeze': {
      const freeze = async () => {
        await ask(`${path}/freeze`, { method: 'PUT', body: reason.trim() === '' ? {} : { reason: reason.trim() } })
        return acts.freeze.done
      }
      return (
        <Act saying={acts.freeze} act={freeze} close={close}>
          <label class="label" for="reason">
            {words.reasonTold}
          </label>
          <input
            id="reason"
            class="field"
            maxLength={100}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </Act>
      )
    }
    case 'thaw': {
      const thaw = async () => {
        await ask(`${path}/freeze`, { method: 'DELETE' })
        return acts.thaw.done
      }
      return <Act saying={acts.thaw} act={thaw} close={close} />
    }
    case 'close': {
      const shut = async () => {
        const { closed, silent } = await ask<{ closed: number; silent: number }>(`${room}/close`, { method: 'POST' })
        return silent === 0 ? acts.close.done(closed) : `${acts.close.done(closed)} ${acts.close.silent(silent)}`
      }
      return <Act saying={acts.close} act={shut} close={close} />
    }
    case 'restore': {
      const restore = async () => {
        const { version } = await ask<{ version: string | null }>(`${path}/restore`, {
          method: 'POST',
          body: act.to.body,
        })
        return version === null ? acts.restore.same : acts.restore.done
      }
      return (
        <Act saying={acts.restore} act={restore} close={close}>
          <p class="aim">
            {words.to} <b>{act.to.what}</b>
          </p>
        </Act>
      )
    }
    default:
      return act satisfies never
  }
}
