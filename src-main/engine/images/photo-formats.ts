/**
 * The formats photos come in, in the order they are named to people. Plain data: the window reads it too.
 */
export interface PhotoFormat {
  readonly id: 'jpeg' | 'png' | 'webp' | 'heic' | 'avif' | 'tiff' | 'bmp' | 'gif'
  readonly name: string
  readonly extensions: readonly string[]
  readonly type: string
}

export const PHOTO_FORMATS: readonly PhotoFormat[] = [
  { id: 'jpeg', name: 'JPEG', extensions: ['jpg', 'jpeg', 'jfif'], type: 'image/jpeg' },
  { id: 'png', name: 'PNG', extensions: ['png'], type: 'image/png' },
  { id: 'webp', name: 'WebP', extensions: ['webp'], type: 'image/webp' },
  { id: 'heic', name: 'HEIC', extensions: ['heic', 'heif', 'hif'], type: 'image/heic' },
  { id: 'avif', name: 'AVIF', extensions: ['avif'], type: 'image/avif' },
  { id: 'tiff', name: 'TIFF', extensions: ['tif', 'tiff'], type: 'image/tiff' },
  { id: 'bmp', name: 'BMP', extensions: ['bmp'], type: 'image/bmp' },
  { id: 'gif', name: 'GIF', extensions: ['gif'], type: 'image/gif' },
]

/** What a file dialog of the browser accepts: types, and the endings of those that systems do not know by type. */
export const PHOTO_ACCEPT = PHOTO_FORMATS.flatMap(({ type, extensions }) => [
  type,
  ...extensions.map((extension) => `.${extension}`),
]).join(',')
