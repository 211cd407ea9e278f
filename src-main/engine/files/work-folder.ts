/**
 * The hidden folder beside results, where whatever is not a result lies while it is needed:
 *
 *     .halfturn/lock                held for moments: nobody else plans, commits or cleans up in this folder
 *     .halfturn/made                how many folders were made on the way to it
 *     .halfturn/<run>/lock          held as long as the run lives
 *     .halfturn/<run>/plan.json     the names it has claimed
 *     .halfturn/<run>/new/          the set's files, written and flushed
 *     .halfturn/<run>/journal.json  from when this is there, the set counts as written
 *     .halfturn/<run>/old/          what the set replaces, until all is in place
 *
 * A run whose lock is free is dead: whoever comes next puts its set in place if there is a journal, and takes what else
 * it left away. Nothing here waits for anything but a lock, so no signal finds it half done.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { type Message, message, UserError } from '../errors.ts'
import { FileLock } from './lock.ts'
import { numbered } from './names.ts'

const WORK = '.halfturn'
const JOURNAL = 'journal.json'
const MOST_FILES = 64

/** Of a file in the folder: what a journal says leads nowhere else. */
const fileName = z.string().refine((name) => basename(name) === name && !['', '.', '..', WORK].includes(name))
const plan = z.strictObject({ names: z.array(fileName).max(MOST_FILES) })
const journal = z.strictObject({
  /** What the set consists of; `was`: the stamp of what a file replaces, null where nothing was there. */
  files: z.array(z.strictObject({ name: fileName, was: z.string().nullable() })).max(MOST_FILES),
  /** What the set makes superfluous. */
  obsolete: z.array(z.strictObject({ name: fileName, was: z.string() })).max(MOST_FILES),
})
type Journal = z.infer<typeof journal>

/** Whether somebody is at work in a folder, or was. */
export const hasWork = (folder: string): boolean => existsSync(join(folder, WORK))

/**
 * Does something while nobody else plans, commits or cleans up in `folder`.
 * @param made how many folders had to be made to get there: they go again if nothing comes to lie in them
 */
export function locked<T>(folder: string, made: number, use: (work: string) => T): T {
  const work = join(folder, WORK)
  for (;;) {
    try {
      mkdirSync(work)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const there = lstatSync(work, { throwIfNoEntry: false })
    // A link in its place would lead the cleaning elsewhere.
    if (there && !there.isDirectory()) throw new UserError('work-folder-taken', { path: work })
    let lock: FileLock
    try {
      lock = FileLock.take(join(work, 'lock'))
    } catch (error) {
      // Whoever had it was the last one, and has taken the folder away.
      if (codeOf(error) === 'ENOENT' && existsSync(folder)) continue
      throw error
    }
    try {
      if (made > 0) writeFileSync(join(work, 'made'), String(made))
      return use(work)
    } finally {
      leave(folder, work, lock)
    }
  }
}

/** The last one out takes the hidden folder away, and those above that were made for nothing. */
function leave(folder: string, work: string, lock: FileLock): void {
  let isLast = false
  tryTo(() => {
    isLast = runsIn(work).length === 0
  })
  if (!isLast) {
    lock.release()
    return
  }
  const note = join(work, 'made')
  const made = existsSync(note) ? Number(readFileSync(note, 'utf8')) || 0 : 0
  tryTo(() => rmSync(note, { force: true }))
  lock.release({ remove: true })
  tryTo(() => {
    rmdirSync(work)
    for (let path = folder, n = 0; n < made; path = dirname(path), n++) rmdirSync(path)
  })
}

const runsIn = (work: string): string[] =>
  readdirSync(work, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(work, entry.name))

/** A run's own part of the hidden folder. Its lock lasts until it is removed. */
export class Run {
  readonly path: string
  private readonly lock: FileLock

  constructor(path: string) {
    mkdirSync(join(path, 'new'), { recursive: true })
    this.path = path
    this.lock = FileLock.take(join(path, 'lock'))
  }

  /** Where a file of the set waits. */
  staged(name: string): string {
    return join(this.path, 'new', name)
  }

  claim(names: readonly string[]): void {
    writeFileSync(join(this.path, 'plan.json'), JSON.stringify({ names }))
  }

  /** Only while the folder is locked. What is committed and not in place stays, for the next start. */
  remove(): void {
    this.lock.release()
    if (!existsSync(join(this.path, JOURNAL))) remove(this.path)
  }
}

const remove = (run: string): void =>
  // An operation that was begun may still be about to make a file there.
  tryTo(() => rmSync(run, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }))

/** The names all runs but one have claimed. Only while the folder is locked. */
export function claimedNames(work: string, except: string | undefined): string[] {
  return runsIn(work)
    .filter((run) => run !== except)
    .flatMap((run) => read(plan, join(run, 'plan.json'))?.names ?? [])
}

/**
 * Puts in place what dead runs have committed, and takes the rest of what they left away. Only while the folder is
 * locked.
 * @returns what there is to say about it
 */
export function recover(folder: string, work: string): Message[] {
  const notes: Message[] = []
  for (const run of runsIn(work)) {
    const lock = FileLock.tryTake(join(run, 'lock'))
    if (!lock) continue
    try {
      const committed = read(journal, join(run, JOURNAL))
      if (committed) notes.push(...putInPlace(folder, run, committed))
      lock.release()
      remove(run)
    } catch (error) {
      // Nothing is lost: the next start tries again, and nobody else gets these names.
      lock.release()
      notes.push(message('leftover-stuck', { run, system: codeOf(error) }))
    }
  }
  return notes
}

/**
 * Puts the staged files in place, all or none. Only while the folder is locked.
 * @param obsolete files that go with it
 * @throws the system's error; then the folder is as it was
 */
export function commit(folder: string, run: string, names: readonly string[], obsolete: readonly string[]): void {
  const value: Journal = {
    files: names.map((name) => ({ name, was: stampOf(join(folder, name)) })),
    obsolete: obsolete.flatMap((name) => {
      const was = stampOf(join(folder, name))
      return was === null ? [] : [{ name, was }]
    }),
  }
  try {
    flush(join(run, 'new'))
    writeJournal(run, value)
    putInPlace(folder, run, value)
    rmSync(join(run, JOURNAL))
  } catch (error) {
    takeBack(folder, run, value)
    throw error
  }
}

/** A run may die at any point of this, and the next one does it again. */
function putInPlace(folder: string, run: string, { files, obsolete }: Journal): Message[] {
  const notes: Message[] = []
  mkdirSync(join(run, 'old'), { recursive: true })
  for (const { name, was } of files) {
    const staged = join(run, 'new', name)
    if (!existsSync(staged)) continue
    let target = join(folder, name)
    const is = stampOf(target)
    if (is !== null && is === was) renameSync(target, join(run, 'old', name))
    else if (is !== null) {
      // Somebody put a file there after the run had died: neither is lost.
      target = besides(folder, name)
      notes.push(message('leftover-beside', { path: join(folder, name), beside: target }))
    }
    renameSync(staged, target)
  }
  for (const { name, was } of obsolete) {
    const path = join(folder, name)
    if (stampOf(path) === was) unlinkSync(path)
  }
  flush(folder)
  return notes
}

/** Undoes a commit that failed half way. Where that fails too, the journal stays: the next start tries to go on. */
function takeBack(folder: string, run: string, { files }: Journal): void {
  tryTo(() => {
    for (const { name, was } of files.toReversed()) {
      const [staged, target, old] = [join(run, 'new', name), join(folder, name), join(run, 'old', name)]
      if (!existsSync(staged)) renameSync(target, staged)
      if (was !== null && stampOf(target) === null) renameSync(old, target)
    }
    rmSync(join(run, JOURNAL), { force: true })
  })
}

function writeJournal(run: string, value: Journal): void {
  const path = join(run, JOURNAL)
  const descriptor = openSync(`${path}.part`, 'w')
  try {
    writeFileSync(descriptor, JSON.stringify(value))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${path}.part`, path)
  flush(run)
}

/** A free name like this one. */
function besides(folder: string, name: string): string {
  const dot = name.indexOf('.', 1)
  const [stem, ending] = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)]
  for (let n = 2; ; n++) {
    const path = join(folder, numbered(stem, n) + ending)
    if (!lstatSync(path, { throwIfNoEntry: false })) return path
  }
}

/** What tells whether a file is still the same one; null where there is none. */
function stampOf(path: string): string | null {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return there ? `${there.ino}:${there.size}:${there.mtimeNs}` : null
}

/** Makes renames in a folder outlast a power cut, where the system knows how. */
function flush(folder: string): void {
  tryTo(() => {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })
}

function read<T>(schema: z.ZodType<T>, path: string): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // Not written, or not to its end.
    return undefined
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error)

function tryTo(action: () => void): void {
  try {
    action()
  } catch {
    // Only ever what may be left undone.
  }
}
