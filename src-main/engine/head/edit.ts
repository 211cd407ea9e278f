/**
 * Changing a head: its code is moved along directions of the latent space that its generator's file holds, one a trait
 * (Shen et al. 2020, "Interpreting the latent space of GANs for semantic face editing").
 */
import { UserError } from '../errors.ts'
import type { Generator } from '../generator/generator.ts'
import { LIMITS } from '../limits.ts'

/** How far along which traits, in standard deviations of the people that the directions were found on; 0 where left out. */
export type Edit = Readonly<Record<string, number>>

/**
 * The code that an edited head is painted with, and its pictures enlarged with.
 * @param head ws [num_ws * w_dim]
 * @returns ws itself where nothing is changed
 */
export function editedCode(
  { directions, config }: Pick<Generator, 'directions' | 'config'>,
  { ws, edit = {} }: { readonly ws: Float32Array; readonly edit?: Edit },
): Float32Array {
  const steps = Object.entries(edit).filter(([, strength]) => strength !== 0)
  if (steps.length === 0) return ws
  const code = ws.slice()
  for (const [trait, strength] of steps) {
    const direction = directions.get(trait)
    if (!direction) throw new Error(`editedCode: '${config.name}' has no direction '${trait}'`)
    for (let i = 0; i < code.length; i++) code[i] += strength * direction[i % direction.length]
  }
  return code
}

/** What files say of it, in a sentence; nothing of a head that was not changed. */
export function describeEdit(edit: Edit = {}): string[] {
  const changes = Object.entries(edit).map(([trait, strength]) => `${trait} ${strength}`)
  return changes.length > 0 ? [`Changed after it was formed: ${changes.join(', ')}.`] : []
}

/** @throws UserError where the generator has no such trait, or a strength is out of {@link LIMITS} */
export function requireEdit({ directions, config }: Pick<Generator, 'directions' | 'config'>, edit: Edit): void {
  const known = [...directions.keys()]
  const { least, most } = LIMITS.edit
  for (const [trait, strength] of Object.entries(edit)) {
    if (known.length === 0) throw new UserError('edit-without-traits', { generator: config.name })
    if (!directions.has(trait)) throw new UserError('edit-unknown', { trait, known })
    if (!(strength >= least && strength <= most)) throw new UserError('edit-strength', { trait, strength, least, most })
  }
}
