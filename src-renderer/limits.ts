/** Limits of the engine's API the window keeps; its schemas stay outside the bundle. */
/** Bytes of a file that is taken in: 700 MiB. */
export const MOST_UPLOAD: typeof import('../src-main/session/uploads.ts').MOST_UPLOAD = 734_003_200
