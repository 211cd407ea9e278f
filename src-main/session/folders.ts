/** Where a user's projects and imported generators lie, for every front door. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { cp, readdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../engine/errors.ts'
import { explainWriteError, makeFolder, writeFileAtomic } from '../engine/files/atomic.ts'

const PARTS = ['projects', 'generators']
const PREFERENCES = 'preferences.json'
/** In the program's own folder: where heads are kept instead. */
const CHOSEN = 'data-folder.json'
const chosen = z.object({ folder: z.string().min(1) })
/** The start of a name under which something is still being copied; the store clears such projects away. */
const COMING = 'coming-'
/** What a chosen folder gets where it holds other things already. */
const OWN = 'Halfturn'

/** The program's own folder: heads are kept there too, unless another was chosen for them. */
export function homeFolder(environment = process.env, platform = process.platform): string {
  if (environment.HALFTURN_DATA) return environment.HALFTURN_DATA
  if (platform === 'win32') return join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Halfturn')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Halfturn')
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'halfturn')
}

/** Where heads and generators lie. */
export interface DataFolder {
  readonly folder: string
  /** The one that was chosen, where it is not there, as on a disk that is not connected: then `folder` takes its place. */
  readonly missing?: string
}

export function dataFolder(home = homeFolder()): DataFolder {
  let text: string
  try {
    text = readFileSync(join(home, CHOSEN), 'utf8')
  } catch {
    return { folder: home }
  }
  try {
    const { folder } = chosen.parse(JSON.parse(text))
    return existsSync(folder) ? { folder } : { folder: home, missing: folder }
  } catch {
    return { folder: home }
  }
}

/** Has heads kept in `folder` from the next start on. @throws UserError where the disk refuses */
export async function keepIn(folder: string, home = homeFolder()): Promise<void> {
  if (resolve(folder) === resolve(home)) rmSync(join(home, CHOSEN), { force: true })
  else await writeFileAtomic(join(home, CHOSEN), `${JSON.stringify({ folder })}\n`)
}

/** The folder itself where it is empty or keeps heads already; otherwise one in it, so that they do not lie about. */
export function roomIn(folder: string): string {
  const names = readdirSync(folder)
  return names.length === 0 || PARTS.some((part) => names.includes(part)) ? folder : join(folder, OWN)
}

/**
 * Copies heads, generators and preferences. The old folder stays as it is, and so does what is in the new one already;
 * what is copied comes to be whole or not at all.
 * @throws UserError where the new folder lies in the old one, or the disk refuses
 */
export async function copyData(from: string, to: string): Promise<void> {
  if (isWithin(to, from)) throw new UserError('data-folder-within', { folder: to })
  try {
    for (const part of PARTS) {
      makeFolder(join(to, part))
      for (const name of await readdir(join(from, part)).catch(() => [])) {
        const [old, copy, coming] = [join(from, part, name), join(to, part, name), join(to, part, COMING + name)]
        if (name.startsWith(COMING) || existsSync(copy)) continue
        rmSync(coming, { recursive: true, force: true })
        await cp(old, coming, { recursive: true })
        await rename(coming, copy)
      }
    }
    const preferences = join(from, PREFERENCES)
    if (existsSync(preferences)) await cp(preferences, join(to, PREFERENCES), { force: false })
  } catch (error) {
    throw explainWriteError(error, to)
  }
}

const isWithin = (folder: string, other: string) => {
  const way = relative(resolve(other), resolve(folder))
  return way !== '' && way.split(/[\\/]/)[0] !== '..' && !/^[A-Za-z]:/.test(way)
}

/**
 * Takes over what an earlier edition kept in another folder; what is there already stays.
 * @throws where the disk refuses; then both folders are as they were
 */
export function adopt(earlier: string, folder: string): void {
  for (const name of PARTS) {
    const [from, to] = [join(earlier, name), join(folder, name)]
    if (!existsSync(from) || existsSync(to)) continue
    mkdirSync(folder, { recursive: true })
    renameSync(from, to)
  }
}
