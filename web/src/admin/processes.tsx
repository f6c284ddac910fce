/** The processes that serve from one database, and which pages each of them holds. */
import { Power } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { Act } from './act.tsx'
import { bytes, count, moment } from './figures.ts'
import { ask } from './service.ts'
import type { Node } from './told.ts'
import { useAsked } from './use-asked.ts'

const REFRESH_MS = 5000

export const Processes = () => {
  const { answer, fault } = useAsked<{ nodes: readonly Node[] }>('/admin/nodes', REFRESH_MS)
  const [isAsked, setAsked] = useState(false)
  const drain = async () => {
    await ask('/admin/drain', { method: 'POST' })
    return words.acts.drain.done
  }
  return (
    <section aria-labelledby="processes">
      <h2 id="processes">{words.parts.processes}</h2>
      {fault !== null && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {answer?.nodes.map((node) => (
        <article class="card" key={node.id}>
          <h3>
            {node.name} {node.isHere && <span class="tag good">{words.answersYou}</span>}
          </h3>
          <dl class="facts">
            <div>
              <dt>{words.since}</dt>
              <dd>{moment(node.startedAt)}</dd>
            </div>
            <div>
              <dt>{words.heldPages}</dt>
              <dd>{count(node.rooms)}</dd>
            </div>
            <div>
              <dt>{words.parts.people}</dt>
              <dd>{count(node.people)}</dd>
            </div>
            <div>
              <dt>{words.memory}</dt>
              <dd>{bytes(node.memory)}</dd>
            </div>
          </dl>
          {node.busiest.length > 0 && (
            <details>
              <summary>{node.rooms > node.busiest.length ? words.busiest : words.heldPages}</summary>
              <ul>
                {node.busiest.map((room) => (
                  <li key={room}>{room}</li>
                ))}
              </ul>
            </details>
          )}
          {node.isHere && (
            <button type="button" class="button" onClick={() => setAsked(true)}>
              <Icon of={Power} /> {words.drain}
            </button>
          )}
        </article>
      ))}
      {isAsked && <Act saying={words.acts.drain} act={drain} close={() => setAsked(false)} />}
    </section>
  )
}
