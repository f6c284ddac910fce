/** Functions of the app's own: an error of theirs is theirs, and ends nothing here. */

/** Has the platform report an error as one that nobody caught, once what is under way is done. */
export const report = (error: unknown): void => {
  setTimeout(() => {
    throw error
  })
}

/** Calls what belongs to the app. */
export const callApp = (call: () => void): void => {
  try {
    call()
  } catch (error) {
    report(error)
  }
}
