/** What a service counts. */

/** The value of `scriptorium_<name>` at a service. @throws Error when there is none */
export const metric = async (address: string, name: string): Promise<number> => {
  const text = await (await fetch(`${address}/metrics`)).text()
  const found = new RegExp(`^scriptorium_${name}(?:_total)? (\\S+)$`, 'm').exec(text)
  if (found?.[1] === undefined) throw new Error(`${name} is not measured`)
  return Number(found[1])
}
