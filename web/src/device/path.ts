/** Where things are in the service's public API. */

/** Path of a story or page below the API. */
export const pathOf = (story: string, page?: string): string =>
  `/stories/${encodeURIComponent(story)}${page === undefined ? '' : `/pages/${encodeURIComponent(page)}`}`
