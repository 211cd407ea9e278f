/** Bends a head's field to what its photos show sharper than its planes hold it: the outline, and the face's features. */
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { fitFeatures } from './features.ts'
import type { Field, Watch } from './field.ts'
import { fitOutline } from './outline.ts'

/**
 * @param photos with their cameras as refined; none: nothing is bent
 * @returns what puts a field's densities and colours in other places, for this field in any form
 */
export async function bendToPhotos(
  field: Field,
  photos: readonly PosedPortrait[],
  watch: Watch = {},
): Promise<(field: Field) => Field> {
  const outline = await fitOutline(field, photos, watch)
  const features = await fitFeatures(outline(field), photos, watch)
  return (straight) => features(outline(straight))
}
