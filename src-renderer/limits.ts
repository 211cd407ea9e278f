/** Limits of the engine's API the window shows or keeps; its schemas stay outside the bundle. */
export const MOST_STEPS: typeof import('../src-main/session/api.ts').MOST_STEPS = 5000
/** Bytes of a file that is taken in: 700 MiB. */
export const MOST_UPLOAD: typeof import('../src-main/session/uploads.ts').MOST_UPLOAD = 734_003_200
