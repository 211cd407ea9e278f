/** Names that come from a file, made fit for a message: quoted, control characters escaped, cut. */

export function quote(name: unknown): string {
  const text = String(name)
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text)
}
