/**
 * A set of files that belong together (GLB, OBJ with its companions, sheet): its names are claimed before the work
 * starts, and it comes to be as one. See {@link locked} for how it lies on the disk meanwhile.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, realpathSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Message, message } from '../errors.ts'
import { type Chunk, explainWriteError, makeFolder, writeWhole } from './atomic.ts'
import { acceptableStem, freeStem, namesOf, obstacleTo, situationIn, type Wanted } from './plan.ts'
import { claimedNames, commit, hasWork, locked, Run, recover } from './work-folder.ts'

/** A file of a set: its ending, and its bytes. */
export type SetFile = readonly [ending: string, ...chunks: Chunk[]]

export class FileSet {
  /** As the system knows it, without links. */
  readonly folder: string
  /** What the person should know: that a name was shortened, that a set of a dead run was put in place. */
  readonly notes: readonly Message[]
  private readonly wanted: Wanted
  private readonly run: Run
  /** What the names begin with; another one than was claimed only where a foreign file came in between. */
  private stem: string
  private live = true
  private readonly release = () => this.abandon()

  private constructor(wanted: Wanted, folder: string, run: Run, stem: string, notes: readonly Message[]) {
    this.wanted = wanted
    this.folder = folder
    this.run = run
    this.stem = stem
    this.notes = notes
    // However the process ends, short of being killed.
    process.on('exit', this.release)
  }

  /**
   * Cleans up after dead runs in the folder, then claims names in it: what is there already, names of other runs and
   * inputs are no candidates, in whatever case or normal form. Names that the disk refuses are shortened.
   * @throws UserError where the folder cannot be written to, or an exact name is not free
   */
  static claim(wanted: Wanted): FileSet {
    let made: string[] = []
    try {
      made = makeFolder(wanted.folder)
      const folder = realpathSync(wanted.folder)
      return locked(folder, made.length, (work) => {
        const notes = recover(folder, work)
        const run = new Run(join(work, randomBytes(4).toString('hex')))
        try {
          const wish = acceptableStem(wanted, (name) => run.staged(name))
          const stem = freeStem(wish, wanted, situationIn(folder, wanted, claimedNames(work, run.path)))
          if (wish !== wanted.stem) notes.push(message('name-shortened', { stem }))
          run.claim(namesOf(stem, wanted.endings))
          return new FileSet(wanted, folder, run, stem, notes)
        } catch (error) {
          run.remove()
          throw error
        }
      })
    } catch (error) {
      for (const path of made.toReversed()) {
        try {
          rmdirSync(path)
        } catch {
          // Gone with the lock, or no longer empty.
        }
      }
      throw explainWriteError(error, wanted.folder)
    }
  }

  /**
   * Finishes what dead runs have committed in a folder, and takes the rest away; a claim does so too.
   * @returns what there is to say about it
   * @throws UserError where the folder cannot be written to
   */
  static cleanUp(folder: string): readonly Message[] {
    if (!hasWork(folder)) return []
    try {
      const real = realpathSync(folder)
      return locked(real, 0, (work) => recover(real, work))
    } catch (error) {
      throw explainWriteError(error, folder)
    }
  }

  path(ending: string): string {
    return join(this.folder, `${this.stem}.${ending}`)
  }

  /** Writes one file of the set ahead of the others: the old one or the new one is there, whole, at any time. */
  async write(ending: string, ...chunks: Chunk[]): Promise<void> {
    const staged = join(this.run.path, ending)
    try {
      rmSync(staged, { force: true })
      await writeWhole(staged, chunks)
      renameSync(staged, this.path(ending))
    } catch (error) {
      throw explainWriteError(error, this.path(ending))
    }
  }

  /**
   * Puts the set in place, and the claim is over. Where that fails the folder is as it was, and it may be tried again.
   * @param make the files, given what their names begin with
   * @param obsolete endings of what was written ahead and goes when the set is there
   * @returns the files' paths
   * @throws UserError where they cannot be written
   */
  async commit(
    make: (stem: string) => Promise<readonly SetFile[]>,
    obsolete: readonly string[] = [],
  ): Promise<string[]> {
    const ahead = namesOf(this.stem, obsolete)
    for (;;) {
      const files = await make(this.stem)
      const endings = files.map(([ending]) => ending)
      await this.stage(files)
      const names = namesOf(this.stem, endings)
      try {
        if (locked(this.folder, 0, (work) => this.place(work, endings, ahead))) {
          this.abandon()
          return names.map((name) => join(this.folder, name))
        }
      } catch (error) {
        const { dest } = error as { dest?: string }
        throw explainWriteError(error, join(this.folder, dest === undefined ? names[0] : basename(dest)))
      }
    }
  }

  /** Gives the names up and takes away what was not committed; also the folder where it was made for nothing. */
  abandon(): void {
    if (!this.live) return
    this.live = false
    process.off('exit', this.release)
    try {
      locked(this.folder, 0, () => this.run.remove())
    } catch {
      // The folder has gone, or its disk: the next start cleans up.
    }
  }

  private async stage(files: readonly SetFile[]): Promise<void> {
    rmSync(this.run.staged(''), { recursive: true, force: true })
    mkdirSync(this.run.staged(''))
    for (const [ending, ...chunks] of files) {
      const name = `${this.stem}.${ending}`
      await writeWhole(this.run.staged(name), chunks).catch((error) => {
        throw explainWriteError(error, join(this.folder, name))
      })
    }
  }

  /** @returns false where foreign files have come since the claim: then the stem is another one */
  private place(work: string, endings: readonly string[], ahead: readonly string[]): boolean {
    const { folder, run, stem, wanted } = this
    const around = situationIn(folder, wanted, claimedNames(work, run.path))
    if (!obstacleTo(stem, { ...wanted, endings }, around)) {
      commit(folder, run.path, namesOf(stem, endings), ahead)
      return true
    }
    this.stem = freeStem(stem, wanted, around)
    run.claim(namesOf(this.stem, wanted.endings))
    return false
  }
}
