/** What commands that form heads take to say how. */
import { type InversionSettings, inversionSettings } from '../engine/inversion/inversion-settings.ts'
import { qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { type Options, oneOf, realNumber, wholeNumber } from './arguments.ts'

export const inversionOptions = {
  quality: { type: 'string' },
  steps: { type: 'string' },
  'learning-rate': { type: 'string' },
  seed: { type: 'string' },
} as const satisfies Options

/** @throws UserError where one is beyond its limits */
export function readInversionOptions(
  values: {
    readonly [name in keyof typeof inversionOptions]?: string
  },
): InversionSettings {
  return inversionSettings.parse({
    quality: oneOf('quality', values.quality, qualities),
    steps: wholeNumber('steps', values.steps, LIMITS.steps),
    seed: wholeNumber('seed', values.seed, LIMITS.seed),
    learningRate: realNumber('learning-rate', values['learning-rate'], LIMITS.learningRate),
  })
}
