/** What stands in a request: names from its path, values from its JSON. */
import type { Context } from 'hono'
import { nameFault } from '../../shared/names.ts'
import type { What } from './authorize.ts'
import { Problem } from './problem.ts'

/** The JSON object of a request; an empty one where there is no body. @throws Problem 400 */
export const jsonOf = async (c: Context): Promise<Readonly<Record<string, unknown>>> => {
  const text = await c.req.text()
  if (text === '') return {}
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw new Problem(400, 'Bad request', `The body is not JSON: ${(error as Error).message}`)
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>
  throw new Problem(400, 'Bad request', 'The body is not a JSON object.')
}

/** Why a text cannot be kept, or null: PostgreSQL holds no NUL, and JSON in it nothing that is not Unicode. */
export const textFault = (text: string): string | null => {
  if (text.includes('\0')) return 'holds a NUL character'
  return text.isWellFormed() ? null : 'is not valid Unicode'
}

/** A text of a JSON object; null where it is not there. @throws Problem 400 */
export const textOf = (body: Readonly<Record<string, unknown>>, key: string, maxBytes: number): string | null => {
  const given = Object.hasOwn(body, key) ? body[key] : null
  if (given === null) return null
  if (typeof given !== 'string' || given === '' || Buffer.byteLength(given) > maxBytes) {
    throw new Problem(400, 'Bad request', `${key} must be a text of 1 to ${maxBytes} bytes.`)
  }
  const fault = textFault(given)
  if (fault !== null) throw new Problem(400, 'Bad request', `${key} ${fault}.`)
  return given
}

/** A story id or page id. @throws Problem 400 */
export const nameOf = (what: string, given: string): string => {
  const fault = nameFault(given)
  if (fault !== null) throw new Problem(400, 'Bad name', `The ${what} ${fault}.`)
  return given
}

/** The story, and the page where the path names one. @throws Problem 400 */
export const scopeOf = (c: Context): Exclude<What, 'service'> => {
  const page = c.req.param('page')
  const story = nameOf('story', c.req.param('story') ?? '')
  return page === undefined ? { story } : { story, page: nameOf('page', page) }
}
