/** The order of a person's photos. */

/**
 * The one that is least turned first: it says most about the face.
 * @param yawOf how far a photo's face is turned, radians
 */
export function frontalFirst<T>(photos: readonly T[], yawOf: (photo: T) => number): T[] {
  return photos.toSorted((a, b) => Math.abs(yawOf(a)) - Math.abs(yawOf(b)))
}
