/**
 * Projects on this machine: a folder each, with a record and the parts that it names by their content. A save writes the
 * new parts beside the old ones, then puts the record in the place of the old one, then removes what no record names:
 * whenever the process dies, there is the old project or the new one, whole.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { message, UserError } from '../engine/errors.ts'
import type { ProjectSummary } from './api.ts'
import { type Disk, disk } from './disk.ts'
import { checkPart, partName } from './part-name.ts'
import {
  nameOfPart,
  type Part,
  type PartNames,
  type ProjectRecord,
  parts,
  readProjectRecord,
  writeProjectRecord,
} from './project-record.ts'

const RECORD = 'project.json'
/** Where a thumbnail was before the record named it. */
const OLD_THUMBNAIL = 'thumbnail.jpg'
const ID = /^[0-9a-f]{16}$/
/** A project on its way in, and one on its way out: of no use to anybody once the process is gone. */
const COMING = 'coming-'
const GOING = 'going-'
/** A reader that meets the owner in the middle of a save looks again. */
const LOOKS = 5

/** Stands for the part as it is on disk. */
export const KEPT: unique symbol = Symbol('kept')
export type SavedParts = { [P in Part]?: Uint8Array | typeof KEPT }
type ReadParts = { [P in Part]?: Uint8Array }

interface StoreOptions {
  readonly disk?: Disk
  /** Throws where nothing may be written. */
  readonly mayWrite?: () => void
}

/** The project on disk is another one than this process has read or written. */
export class ChangedElsewhere extends UserError<'project-changed'> {
  constructor() {
    super('project-changed')
    this.name = 'ChangedElsewhere'
  }
}

export class Store {
  private readonly folder: string
  private readonly disk: Disk
  private readonly mayWrite: () => void
  /** Records as this process has read or written them last. */
  private readonly known = new Map<string, string>()

  constructor(folder: string, { disk: given = disk, mayWrite = () => {} }: StoreOptions = {}) {
    this.folder = folder
    this.disk = given
    this.mayWrite = mayWrite
  }

  newId(): string {
    return randomBytes(8).toString('hex')
  }

  /**
   * Saves the project as a whole; one save of a project at a time.
   * @throws UserError where nothing may be written, and {@link ChangedElsewhere}; what was saved before stays
   */
  async save(id: string, record: ProjectRecord, saved: SavedParts): Promise<void> {
    this.mayWrite()
    const before = await this.recordText(id)
    if (before !== this.known.get(id)) throw new ChangedElsewhere()
    const folder = join(this.folder, before === undefined ? COMING + id : id)
    if (before === undefined) await this.disk.remove(folder)
    const old = before === undefined ? {} : readProjectRecord(before, message('the-project')).names
    const names: PartNames = {}
    for (const part of parts) {
      const bytes = saved[part]
      if (bytes === KEPT) names[part] = old[part]
      else if (bytes) names[part] = await this.writePart(folder, part, bytes)
    }
    const text = writeProjectRecord(record, names)
    await this.disk.write(join(folder, RECORD), text)
    if (before === undefined) await this.disk.rename(folder, join(this.folder, id))
    this.known.set(id, text)
    // It is saved; what is left over costs space until the next save.
    await this.clear(id, names).catch(() => {})
  }

  /**
   * The project's record and the parts that are wanted, of one and the same save.
   * @throws UserError where there is no such project, or it is damaged
   */
  async read(id: string, wanted: readonly Part[]): Promise<{ record: ProjectRecord; parts: ReadParts }> {
    const { text, ...project } = await this.load(id, wanted)
    this.known.set(id, text)
    return project
  }

  /** One part as it is on disk now; nothing where there is none. @throws UserError where it is damaged */
  async readPart(id: string, part: Part): Promise<Uint8Array | undefined> {
    if (!(await this.has(id))) return undefined
    return (await this.load(id, [part])).parts[part]
  }

  async has(id: string): Promise<boolean> {
    return (await this.disk.look(join(this.folder, id))) !== undefined
  }

  /** Newest first. Projects that cannot be read are left out. */
  async list(thumbnail: (bytes: Uint8Array, id: string) => string): Promise<Omit<ProjectSummary, 'open'>[]> {
    const ids = (await this.disk.list(this.folder)).filter((id) => ID.test(id))
    const all = await Promise.all(
      ids.map(async (id): Promise<Omit<ProjectSummary, 'open'>[]> => {
        try {
          const { record, parts } = await this.load(id, ['thumbnail'])
          const { name, job } = record
          const saved = (await this.disk.look(join(this.folder, id, RECORD)))?.changed ?? 0
          const picture = parts.thumbnail ?? (await this.file(id, OLD_THUMBNAIL))
          return [{ id, name, saved, state: job.state, ...(picture && { thumbnail: thumbnail(picture, id) }) }]
        } catch {
          return []
        }
      }),
    )
    return all.flat().sort((a, b) => b.saved - a.saved)
  }

  /** @throws UserError where nothing may be written */
  async remove(id: string): Promise<void> {
    this.mayWrite()
    this.known.delete(id)
    const gone = join(this.folder, GOING + id)
    await this.disk.remove(gone)
    // First out of sight, as a whole.
    if (await this.disk.look(join(this.folder, id))) await this.disk.rename(join(this.folder, id), gone)
    await this.disk.remove(gone)
  }

  /** Removes what a killed process left over. Only for who may write, and before anything is saved. */
  async tidy(): Promise<void> {
    const names = await this.disk.list(this.folder)
    const tidied = await Promise.allSettled(names.map((name) => this.tidyOne(name)))
    // One that cannot be removed keeps nothing else from it.
    const failed = tidied.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  private async tidyOne(name: string): Promise<void> {
    if (name.startsWith(COMING) || name.startsWith(GOING)) await this.disk.remove(join(this.folder, name))
    if (!ID.test(name)) return
    const text = await this.recordText(name)
    // Never was a project: it would have appeared with its record.
    if (text === undefined) await this.disk.remove(join(this.folder, name))
    else await this.clear(name, namesOf(text))
  }

  private async load(id: string, wanted: readonly Part[]) {
    for (let look = 1; ; look++) {
      const text = await this.recordText(id)
      if (text === undefined) throw new UserError('project-gone')
      const { record, names, isComplete } = readProjectRecord(text, message('the-project'))
      const found: ReadParts = {}
      let missing: Part | undefined
      for (const part of wanted) {
        const name = names[part]
        const bytes = name === undefined ? undefined : await this.file(id, name)
        if (bytes) checkPart(part, name!, bytes, message('this-project'))
        else if (name !== undefined && isComplete) missing = part
        found[part] = bytes
      }
      if (missing === undefined) return { record, parts: found, text }
      if (look === LOOKS) throw new UserError('part-missing', { part: nameOfPart(missing) })
    }
  }

  private async writePart(folder: string, part: Part, bytes: Uint8Array): Promise<string> {
    const name = partName(part, bytes)
    const path = join(folder, name)
    if ((await this.disk.look(path))?.size !== bytes.length) await this.disk.write(path, bytes)
    return name
  }

  /** Removes what the record does not name. */
  private async clear(id: string, names: PartNames | undefined): Promise<void> {
    // A record of a later version may name what this one does not know.
    if (!names) return
    const kept = new Set<string>([RECORD, ...Object.values(names)])
    if (!names.thumbnail) kept.add(OLD_THUMBNAIL)
    for (const name of await this.disk.list(join(this.folder, id))) {
      if (!kept.has(name)) await this.disk.remove(join(this.folder, id, name))
    }
  }

  private async recordText(id: string): Promise<string | undefined> {
    const bytes = await this.file(id, RECORD)
    return bytes && Buffer.from(bytes).toString('utf8')
  }

  /** Nothing where it is not there. @throws where it is and cannot be read */
  private async file(id: string, name: string): Promise<Uint8Array | undefined> {
    try {
      return await this.disk.read(join(this.folder, id, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

function namesOf(text: string): PartNames | undefined {
  try {
    return readProjectRecord(text, '').names
  } catch {
    return undefined
  }
}
