/** Limits of the engine's API the window shows; its schemas stay outside the bundle. */
export const MOST_STEPS: typeof import('../src-main/engine/api.ts').MOST_STEPS = 5000
