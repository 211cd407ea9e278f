/** What a person prefers for all heads to come. It lies beside the projects; what is unfit in it is as at first. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../engine/files/atomic.ts'
import { qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { providerNames } from '../engine/runtime/provider.ts'

const PROVIDERS = ['automatic', ...providerNames] as const

const fields = {
  /** What networks run on, from the next start on. */
  provider: z.enum(PROVIDERS),
  /** Of the processor, for networks, from the next start on; 0: one a core. */
  threads: z.int().min(LIMITS.threads.least).max(LIMITS.threads.most),
  quality: z.enum(qualities),
  /** Whether the first hint is still to be shown. */
  hint: z.boolean(),
}

export const preferencesChange = z.strictObject(fields).partial()
export type Preferences = z.output<z.ZodObject<typeof fields>>

const stored = z.object({
  provider: fields.provider.catch('automatic'),
  threads: fields.threads.catch(0),
  quality: fields.quality.catch('balanced'),
  hint: fields.hint.catch(true),
})

const fileIn = (folder: string) => join(folder, 'preferences.json')

export async function readPreferences(folder: string): Promise<Preferences> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '{}')
  try {
    return stored.parse(JSON.parse(text))
  } catch {
    return stored.parse({})
  }
}

/** @throws UserError where the disk refuses */
export async function writePreferences(folder: string, preferences: Preferences): Promise<void> {
  await writeFileAtomic(fileIn(folder), new TextEncoder().encode(`${JSON.stringify(preferences, null, 2)}\n`))
}
