/** What a service counts. */

/** The value of `scriptorium_<name>` at a service. @throws Error when there is none */
export const metric = async (address: string, name: string): Promise<number> => {
  const text = await (await fetch(`${address}/metrics`)).text()
  const found = new RegExp(`^scriptorium_${name}(?:_total)? (\\S+)$`, 'm').exec(text)
  if (found?.[1] === undefined) throw new Error(`${name} is not measured`)
  return Number(found[1])
}

/** The values of `scriptorium_<name>` at a service with workers, by worker. */
export const metricByWorker = async (address: string, name: string): Promise<Map<string, number>> => {
  const text = await (await fetch(`${address}/metrics`)).text()
  const found = text.matchAll(new RegExp(`^scriptorium_${name}(?:_total)?\\{worker="(\\w+)"\\} (\\S+)$`, 'gm'))
  return new Map([...found].map((match) => [match[1] ?? '', Number(match[2])]))
}
