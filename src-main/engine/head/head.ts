/** A head: what an inversion finds and everything else shows, a code, its camera and what its photo added to the planes. */
import type { Generator } from '../generator/generator.ts'
import { addToPlanes, type Planes, refine, shapeOf } from '../generator/plane-layout.ts'
import { type Edit, editedCode, requireEdit } from './edit.ts'
import { addResidual, type Residual } from './residual.ts'

export interface Head {
  /** [num_ws * w_dim] */
  readonly ws: Float32Array
  /** What was changed of it: it shows itself with another code, and keeps its own. */
  readonly edit?: Edit
  /** The photo's camera, 25 numbers, as refined. */
  readonly label: Float32Array
  /** What the photo's outline adds to the generator's planes, smooth; absent before the shape stage. */
  readonly shape?: Residual
  /** What the photo adds to their colour; absent before the tuning stage. */
  readonly detail?: Detail
}

/**
 * Residual planes, finer than the generator's or as fine, otherwise laid out like them. They are of colour alone; a photo
 * tells colour exactly and shape hardly, so density stays what the planes say that they are added to.
 */
export interface Detail {
  readonly resolution: number
  readonly data: Float32Array
}

/**
 * A head as it is to be shown from now on: what it was formed as stays.
 * @param edit in the place of the one it had
 * @throws UserError where the generator has no such trait, or a strength is out of its limits
 */
export function editHead(generator: Generator, { edit: before, ...head }: Head, edit: Edit): Head {
  requireEdit(generator, edit)
  const changes = Object.entries(edit).filter(([, strength]) => strength !== 0)
  return changes.length > 0 ? { ...head, edit: Object.fromEntries(changes) } : head
}

/** The planes of a head: the backbone's of its code as edited, bent by its shape, and with a detail, refined to its resolution and added to it, those of colour. */
export async function paintHead(generator: Generator, head: Head): Promise<Planes> {
  const painted = await generator.planes(editedCode(generator, head))
  const planes = head.shape ? addResidual(painted, head.shape) : painted
  return head.detail ? addDetail(refine(planes, head.detail.resolution), head.detail) : planes
}

/** @param planes as fine as the detail; they, or those that they were refined from, go on giving the density */
export function addDetail(planes: Planes, detail: Detail): Planes {
  return { ...addToPlanes(planes, detail.data), shape: shapeOf(planes) }
}
