/** Steps back and forward through values a person tried. */

export interface History<T> {
  readonly past: readonly T[]
  readonly future: readonly T[]
}

const MOST = 100

export const noHistory = <T>(): History<T> => ({ past: [], future: [] })

/** Notes that `before` became `after`; what was undone is forgotten. */
export function record<T>({ past, future }: History<T>, before: T, after: T): History<T> {
  if (JSON.stringify(before) === JSON.stringify(after)) return { past, future }
  return { past: [...past, before].slice(-MOST), future: [] }
}

export function stepBack<T>({ past, future }: History<T>, now: T): { value: T; history: History<T> } | undefined {
  const value = past.at(-1)
  return value === undefined ? undefined : { value, history: { past: past.slice(0, -1), future: [now, ...future] } }
}

export function stepForward<T>({ past, future }: History<T>, now: T): { value: T; history: History<T> } | undefined {
  const [value, ...rest] = future
  return value === undefined ? undefined : { value, history: { past: [...past, now], future: rest } }
}
