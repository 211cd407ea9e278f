/**
 * Does `work` with the newest value: while one is on its way, the next waits and replaces those before it.
 * @param done when none waits any more
 */
export function newestOnly<T>(work: (value: T) => Promise<unknown>, done = () => {}): (value: T) => Promise<void> {
  let working = false
  let next: { readonly value: T } | undefined
  return async (value) => {
    next = { value }
    if (working) return
    working = true
    while (next) {
      const sent: { readonly value: T } = next
      next = undefined
      await work(sent.value)
    }
    working = false
    done()
  }
}
