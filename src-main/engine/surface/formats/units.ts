/** World units and metres. */

/**
 * The canonical head frame was laid out from a face model in decimetres scaled by about 0.25 (in the crop its
 * eyes are 0.156 units apart, its cheekbones 0.34). With 0.4 m a unit that is 62.5 mm and 137 mm: an average adult.
 * One photo tells no absolute size, so every head is exported at this scale.
 */
const METRES_PER_UNIT = 0.4
export const MILLIMETRES_PER_UNIT = 1000 * METRES_PER_UNIT

/** World units to metres, same axes: x right, y up, the face looking along +z. */
export function toMetres(positions: Float32Array): Float32Array {
  return positions.map((p) => p * METRES_PER_UNIT)
}
