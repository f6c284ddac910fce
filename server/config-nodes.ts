/** How nodes reach each other, and what they prove. */

export interface NodeConfig {
  /** Origin at which other nodes reach this one, such as http://10.0.0.5:1234. */
  readonly url: string
  /** What nodes prove to each other that they know. */
  readonly secret: string
}

const LEAST_SECRET_BYTES = 32

/** Reads NODE_URL and NODE_SECRET; null: neither is set. Pushes what is wrong on `faults`. */
export const readNode = (text: (name: string, fallback: string) => string, faults: string[]): NodeConfig | null => {
  const given = text('NODE_URL', '')
  const secret = text('NODE_SECRET', '')
  if (given === '' && secret === '') return null
  if (given === '') faults.push('NODE_SECRET is of use only beside NODE_URL')
  else if (secret === '') faults.push('NODE_URL needs NODE_SECRET, the same on all nodes')
  else if (new TextEncoder().encode(secret).length < LEAST_SECRET_BYTES)
    faults.push(`NODE_SECRET must have ${LEAST_SECRET_BYTES} bytes or more`)
  const url = originOf(given)
  if (url === null && given !== '') faults.push('NODE_URL must look like http://10.0.0.5:1234, without a path')
  return url === null ? null : { url, secret }
}

const originOf = (given: string): string | null => {
  if (!URL.canParse(given)) return null
  const url = new URL(given)
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  return isBare && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : null
}
