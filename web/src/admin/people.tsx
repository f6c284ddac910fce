/** Taking a user's rights away. */
import { UserX } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { Act } from './act.tsx'
import { ask } from './service.ts'

export const People = () => {
  const [user, setUser] = useState('')
  const [story, setStory] = useState('')
  const [isAsked, setAsked] = useState(false)
  const revoke = async () => {
    await ask('/admin/revoke', { method: 'POST', body: { user, ...(story === '' ? {} : { story }) } })
    setUser('')
    return words.acts.revoke.done(user)
  }
  return (
    <section aria-labelledby="people">
      <h2 id="people">{words.parts.people}</h2>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(true)
        }}
      >
        <div class="fields">
          <label>
            <span class="label">{words.user}</span>
            <input
              class="field"
              required
              maxLength={128}
              value={user}
              onInput={(event) => setUser(event.currentTarget.value)}
            />
          </label>
          <label>
            <span class="label">{words.inOneStory}</span>
            <input
              class="field"
              placeholder={words.everywhere}
              value={story}
              onInput={(event) => setStory(event.currentTarget.value)}
            />
          </label>
        </div>
        <button type="submit" class="button main">
          <Icon of={UserX} /> {words.revoke}
        </button>
      </form>
      {isAsked && (
        <Act saying={words.acts.revoke} act={revoke} close={() => setAsked(false)}>
          <p class="aim">
            <b>{user}</b>, {story === '' ? words.everywhere : words.inStory(story)}
          </p>
        </Act>
      )}
    </section>
  )
}
