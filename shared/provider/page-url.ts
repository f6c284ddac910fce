/** Address of a page's socket, which is its name on a device too. */
export const pageUrl = (url: string, story: string, page: string): string =>
  `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/${encodeURIComponent(story)}/${encodeURIComponent(page)}`
