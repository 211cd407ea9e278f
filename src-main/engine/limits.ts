/** What may be asked for, once for the engine, the API, the command line and the window: least and most, both allowed. */

export interface Range {
  readonly least: number
  readonly most: number
}

/** How far a made-up person lies from the mean one, unless it is said: as far as the generator's people do. */
export const TRUNCATION = 1

export const LIMITS = {
  /** Of one person, for one head. More say little new, and each costs a rendering in every step. */
  photos: { least: 1, most: 5 },
  /** Of an optimisation. */
  steps: { least: 3, most: 20_000 },
  learningRate: { least: 1e-5, most: 1 },
  seed: { least: 0, most: 2 ** 31 - 1 },
  /** How far a made-up person lies from the mean one. */
  truncation: { least: 0, most: 1.5 },
  /** Along a direction of the latent space, in standard deviations of a trait. */
  edit: { least: -3, most: 3 },
  /** Density samples along a side of a surface. */
  meshResolution: { least: 64, most: 512 },
  /** Triangles to simplify a surface to. */
  triangles: { least: 100, most: 10_000_000 },
  /** Of a film's pictures, pixels. */
  loopSide: { least: 64, most: 1024 },
  /** Of the processor, for networks; 0: one a core. */
  threads: { least: 0, most: 256 },
  /** Bytes of a file that the window hands over: 700 MiB. */
  upload: { least: 0, most: 734_003_200 },
  /** Heads of a batch made at a time on one machine. */
  jobs: { least: 1, most: 64 },
} as const satisfies Readonly<Record<string, Range>>
