/** A number and what it counts. */
export const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`
