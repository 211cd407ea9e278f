/** Which names a set of files gets: nothing that is there, that is read, or that another run has claimed. */
import { lstatSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Message, message, UserError } from '../errors.ts'
import { nameKey, numbered, shortened } from './names.ts'

export interface Wanted {
  /** Made where it is missing. */
  readonly folder: string
  /** What all names begin with: taken where nothing stands in its way, numbered otherwise. */
  readonly stem: string
  /** Of the set's files, without the dot: 'glb', 'sheet.png'. */
  readonly endings: readonly string[]
  /** Files that are read: nothing is written to them, by whatever name or link. */
  readonly inputs: readonly string[]
  /** Whether the set may take the place of the plain file at `path`; absent: all that is there is kept. */
  readonly mayReplace?: (path: string) => boolean
  /** Refuse instead of numbering. */
  readonly exact?: boolean
}

/** Bytes of a name. Some file systems, encrypted ones above all, take less than the usual 255. */
const LENGTHS = [255, 143, 80]
/** What systems say of a name they do not take. */
const BAD_NAME = new Set(['ENAMETOOLONG', 'EINVAL', 'EILSEQ', 'ENOENT'])

/** What stands in the way of names. */
interface Surroundings {
  readonly folder: string
  /** What lies in the folder, by {@link nameKey}. */
  readonly present: ReadonlyMap<string, readonly string[]>
  /** Keys of names that live runs have claimed. */
  readonly claimed: ReadonlySet<string>
  /** See {@link identitiesOf}. */
  readonly inputs: ReadonlySet<string>
}

/** @param claimed names that live runs have claimed */
export function situationIn(folder: string, { inputs }: Wanted, claimed: readonly string[]): Surroundings {
  const present = new Map<string, string[]>()
  for (const name of readdirSync(folder)) {
    const key = nameKey(name)
    present.set(key, [...(present.get(key) ?? []), name])
  }
  return { folder, present, claimed: new Set(claimed.map(nameKey)), inputs: new Set(inputs.flatMap(identitiesOf)) }
}

/** @throws UserError where an exact stem is not free */
export function freeStem(wish: string, wanted: Wanted, around: Surroundings): string {
  for (let n = 1; ; n++) {
    const stem = numbered(wish, n)
    const obstacle = obstacleTo(stem, wanted, around)
    if (!obstacle) return stem
    if (wanted.exact) throw UserError.of(obstacle)
  }
}

export const namesOf = (stem: string, endings: readonly string[]) => endings.map((ending) => `${stem}.${ending}`)

/** What keeps a set of that stem from being written, if anything does. */
export function obstacleTo(
  stem: string,
  { endings, mayReplace }: Pick<Wanted, 'endings' | 'mayReplace'>,
  { folder, present, claimed, inputs }: Surroundings,
): Message | undefined {
  for (const name of namesOf(stem, endings)) {
    const key = nameKey(name)
    if (claimed.has(key)) {
      return message('name-claimed', { path: join(folder, name) })
    }
    for (const path of (present.get(key) ?? []).map((there) => join(folder, there))) {
      if (identitiesOf(path).some((identity) => inputs.has(identity))) {
        return message('name-is-input', { path })
      }
      const isPlain = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false
      if (!isPlain || !mayReplace?.(path)) {
        return message('name-taken', { path })
      }
    }
  }
  return undefined
}

/** Path and place on the disk of what is at `path`, links followed: two names of one file have one of them in common. */
function identitiesOf(path: string): string[] {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!there) return []
  return [realpathSync(path), ...(there.ino > 0n ? [`${there.dev}:${there.ino}`] : [])]
}

/** What a stem may become where a disk does not take it as it is, the best first. */
export function possibleStems(stem: string, endings: readonly string[]): string[] {
  // Where it is not the length: letters that no disk minds.
  const plain = stem.replace(/[^\w.-]/g, '_')
  return [stem, ...LENGTHS.map((most) => shortened(stem, endings, most)), shortened(plain, endings)]
}

/**
 * The stem in a form whose names the disk takes: tried out, not guessed.
 * @param scratch gives the path of a name in a folder of the same disk that holds nothing
 * @throws the system's error where nothing helps
 */
export function acceptableStem({ stem, endings, exact }: Wanted, scratch: (name: string) => string): string {
  const candidates = exact ? [stem] : possibleStems(stem, endings)
  let refusal: unknown
  for (const candidate of candidates) {
    try {
      const longest = exact ? candidate : numbered(candidate, 99_999)
      for (const name of namesOf(longest, endings)) writeFileSync(scratch(name), '')
      return candidate
    } catch (error) {
      if (!BAD_NAME.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      refusal = error
    }
  }
  throw refusal
}
