/** What a person may choose of an inversion. */
import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { DEFAULT_RATE, qualities } from './schedule.ts'

export const inversionSettings = z.strictObject({
  quality: z.enum(qualities).default('balanced'),
  /** Optimiser steps in all; default: the quality's. */
  steps: z.int().min(LIMITS.steps.least).max(LIMITS.steps.most).optional(),
  learningRate: z.number().min(LIMITS.learningRate.least).max(LIMITS.learningRate.most).default(DEFAULT_RATE),
  seed: z.int().min(LIMITS.seed.least).max(LIMITS.seed.most).default(0),
})
export type InversionSettings = z.infer<typeof inversionSettings>
