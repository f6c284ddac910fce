/** A page as a room holds it, with nothing around it. */
import * as Y from 'yjs'
import { type Admission, admit, apply, xmlPlacesOf } from '../../server/room/admit.ts'
import { IdSet } from '../../server/room/id-set.ts'
import { mergeUpdates } from '../../server/room/merge.ts'
import type { StateVector } from '../../server/room/state-vector.ts'
import type { XmlPlaces } from '../../server/room/xml-places.ts'

export class HeldPage {
  readonly stateVector: StateVector = new Map()
  readonly #deletes = new IdSet()
  readonly #atKeys = new IdSet()
  #xml: XmlPlaces | null = null
  readonly #stored: Uint8Array[] = []

  receive(update: Uint8Array, kind: 'live' | 'step2'): Admission {
    const held = {
      stateVector: this.stateVector,
      deletes: () => this.#deletes,
      atKeys: () => this.#atKeys,
      xml: () => this.#heldXml(),
    }
    const admission = admit(update, held, kind)
    if (admission.kind === 'new') {
      apply(admission, this.stateVector, this.#deletes, { atKeys: this.#atKeys, xml: this.#xml })
      this.#stored.push(admission.bytes)
    }
    return admission
  }

  #heldXml(): XmlPlaces {
    this.#xml ??= xmlPlacesOf(this.#stored)
    return this.#xml
  }

  /** All that was let in, as one update. */
  merged(): Uint8Array {
    return mergeUpdates(this.#stored)
  }

  /** A fresh document that loads what was let in. @throws Error when something of it hangs in the air */
  load(): Y.Doc {
    const doc = new Y.Doc()
    for (const update of this.#stored) Y.applyUpdate(doc, update)
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error('an update is pending')
    return doc
  }
}
