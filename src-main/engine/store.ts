/**
 * Projects on disk. On this machine a project is a folder of a few files, each written atomically, so that a killed
 * process loses at most the last seconds; to carry around it is a `.halfturn` file: the same files in a zip.
 */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unzipSync, zipSync } from 'fflate'
import { z } from 'zod'
import type { ProjectSummary } from './api.ts'
import { MOST_STEPS } from './api.ts'
import { UserError } from './errors.ts'
import { writeFileAtomic } from './files.ts'
import { qualities } from './inversion/schedule.ts'
import { failures } from './quality/verdict.ts'

const number = z.number()
const quality = z.object({
  verdict: z.enum(['good', 'uncertain', 'failed']),
  message: z.string().max(500),
  failures: z.array(z.enum(failures)).readonly(),
  figures: z.object({
    input: z.object({ psnr: number, faceRes: number, identity: number }),
    views: z
      .array(z.object({ degrees: number, identity: number }))
      .max(16)
      .readonly(),
    turned: number,
    brightness: number,
    contrast: number,
    seen: number,
    relief: number,
    roughness: number,
    spikes: number,
    asymmetry: number,
    holes: number,
    floaters: number,
  }),
})
const record = z.object({
  format: z.literal('halfturn-project'),
  version: z.literal(1),
  name: z.string().min(1).max(300),
  generator: z.object({ id: z.string().max(300), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  face: z.int().min(0).max(99),
  correction: z.object({ dx: number, dy: number, scale: number, roll: number, yaw: number, pitch: number }),
  settings: z.object({
    steps: z.int().min(1).max(MOST_STEPS),
    quality: z.enum(qualities),
    learningRate: z.number().min(1e-5).max(1),
    seed: z.int().min(0),
  }),
  job: z.object({
    state: z.enum(['none', 'running', 'paused', 'done', 'interrupted', 'failed']),
    step: z.int().min(0).max(MOST_STEPS),
    steps: z.int().min(0).max(MOST_STEPS),
  }),
  losses: z.array(number).max(MOST_STEPS * 2),
  random: z.object({ seed: z.int(), truncation: number }).optional(),
  /** Of the finished head. A figure that is no number becomes null in JSON: then the head is judged again. */
  quality: quality.optional().catch(undefined),
})
export type ProjectRecord = z.infer<typeof record>

/** The files of a project. `checkpoint` is the inversion's own. */
export const parts = { record: 'project.json', photo: 'photo', head: 'head', checkpoint: 'checkpoint' } as const
const THUMBNAIL = 'thumbnail.jpg'
/** A `.halfturn` file is unpacked in memory: what it claims is bounded first. */
const MOST_UNPACKED = 512 * 2 ** 20

const CURE = 'Choose a .halfturn file saved by Halfturn, or save it again.'

export class Store {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  newId(): string {
    return randomBytes(8).toString('hex')
  }

  async write(id: string, part: keyof typeof parts, ...chunks: (Uint8Array | string)[]): Promise<void> {
    await writeFileAtomic(join(this.folder, id, parts[part]), ...chunks)
  }

  async writeRecord(id: string, value: ProjectRecord): Promise<void> {
    await this.write(id, 'record', JSON.stringify(value))
  }

  async writeThumbnail(id: string, picture: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.folder, id, THUMBNAIL), picture)
  }

  /** The part's bytes, or nothing where the project has none. */
  async read(id: string, part: keyof typeof parts): Promise<Uint8Array | undefined> {
    return readFile(join(this.folder, id, parts[part])).catch(() => undefined)
  }

  async drop(id: string, part: keyof typeof parts): Promise<void> {
    await rm(join(this.folder, id, parts[part]), { force: true })
  }

  /** @throws UserError where there is no such project, or its record is damaged */
  async readRecord(id: string): Promise<ProjectRecord> {
    const bytes = await this.read(id, 'record')
    if (!bytes) throw new UserError('This project is not on this machine any more.', 'Open its .halfturn file instead.')
    return parseRecord(bytes, 'The project')
  }

  /** Newest first. Projects that cannot be read are left out. */
  async list(thumbnail: (bytes: Uint8Array, id: string) => string): Promise<Omit<ProjectSummary, 'open'>[]> {
    const ids = (await readdir(this.folder).catch(() => [])).filter((id) => /^[0-9a-f]{16}$/.test(id))
    const all = await Promise.all(
      ids.map(async (id): Promise<Omit<ProjectSummary, 'open'>[]> => {
        try {
          const { name, job } = await this.readRecord(id)
          const saved = (await stat(join(this.folder, id, parts.record))).mtimeMs
          const picture = await readFile(join(this.folder, id, THUMBNAIL)).catch(() => undefined)
          return [{ id, name, saved, state: job.state, ...(picture && { thumbnail: thumbnail(picture, id) }) }]
        } catch {
          return []
        }
      }),
    )
    return all.flat().sort((a, b) => b.saved - a.saved)
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.folder, id), { recursive: true, force: true })
  }

  /** The project as the bytes of a `.halfturn` file. */
  async pack(id: string): Promise<Uint8Array> {
    const files: Record<string, Uint8Array> = {}
    for (const part of Object.keys(parts) as (keyof typeof parts)[]) {
      const bytes = await this.read(id, part)
      if (bytes) files[parts[part]] = bytes
    }
    // Photos and weights hardly shrink: the fastest level is enough.
    return zipSync(files, { level: 1 })
  }

  /**
   * Takes a `.halfturn` file in as a new project.
   * @returns its id
   * @throws UserError where it is not one, is damaged or claims to be too large
   */
  async unpack(bytes: Uint8Array, name: string): Promise<string> {
    const known = new Set<string>(Object.values(parts))
    let total = 0
    let files: Record<string, Uint8Array>
    try {
      files = unzipSync(bytes, {
        filter: (file) => {
          if (!known.has(file.name)) return false
          total += file.originalSize
          if (total > MOST_UNPACKED) throw new UserError(`${name} claims to hold more than 512 MiB.`, CURE)
          return true
        },
      })
    } catch (error) {
      if (error instanceof UserError) throw error
      throw new UserError(`${name} is damaged, or not a Halfturn project.`, CURE, { cause: error })
    }
    const found = files[parts.record]
    if (!found) throw new UserError(`${name} is not a Halfturn project: it has no ${parts.record}.`, CURE)
    const value = parseRecord(found, name)
    const id = this.newId()
    for (const part of ['photo', 'head', 'checkpoint'] as const) {
      const file = files[parts[part]]
      if (file) await this.write(id, part, file)
    }
    await this.writeRecord(id, value)
    return id
  }
}

function parseRecord(bytes: Uint8Array, name: string): ProjectRecord {
  try {
    return record.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (error) {
    throw new UserError(`${name} has a damaged record (${parts.record}).`, CURE, { cause: error })
  }
}
