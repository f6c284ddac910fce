/** Taking a user's rights away. */
import { UserX } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { Act } from './act.tsx'
import { ask } from './service.ts'
import { acts } from './words.ts'

export const People = () => {
  const [user, setUser] = useState('')
  const [story, setStory] = useState('')
  const [isAsked, setAsked] = useState(false)
  const revoke = async () => {
    await ask('/admin/revoke', { method: 'POST', body: { user, ...(story === '' ? {} : { story }) } })
    setUser('')
    return acts.revoke.done(user)
  }
  return (
    <section aria-labelledby="people">
      <h2 id="people">People</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(true)
        }}
      >
        <div class="fields">
          <label>
            <span class="label">User, as their token names them</span>
            <input
              class="field"
              required
              maxLength={128}
              value={user}
              onInput={(event) => setUser(event.currentTarget.value)}
            />
          </label>
          <label>
            <span class="label">In one story only</span>
            <input
              class="field"
              placeholder="everywhere"
              value={story}
              onInput={(event) => setStory(event.currentTarget.value)}
            />
          </label>
        </div>
        <button type="submit" class="button main">
          <Icon of={UserX} /> Revoke …
        </button>
      </form>
      {isAsked && (
        <Act words={acts.revoke} act={revoke} close={() => setAsked(false)}>
          <p class="aim">
            <b>{user}</b>, {story === '' ? 'everywhere' : `in ${story}`}
          </p>
        </Act>
      )}
    </section>
  )
}
