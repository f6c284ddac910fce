/** Runs `task` for 0 to `count` - 1, at most `atOnce` at a time. @throws the first error, at once */
export const inParallel = async (
  count: number,
  atOnce: number,
  task: (index: number) => Promise<void>,
): Promise<void> => {
  let next = 0
  const lane = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane))
}
