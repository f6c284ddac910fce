/** Which host names mean this machine alone. */

/** Whether `host` (a name or address, IPv6 with or without brackets, no port) is reached from this machine only. */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}
