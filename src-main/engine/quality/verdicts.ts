/** What may be said of a head; plain data, that needs no network. */

/**
 * `good`: use it. `front`: right as the photo shows it, wrong from the sides or behind. `uncertain`: its shape may not be
 * the person's. `failed`: do it again, differently.
 */
export const verdicts = ['good', 'front', 'uncertain', 'failed'] as const
export type Verdict = (typeof verdicts)[number]

/** What makes a head of no use. */
export const failures = ['black', 'grey', 'flat', 'holes', 'spikes', 'unconverged', 'faceless'] as const
export type Failure = (typeof failures)[number]
