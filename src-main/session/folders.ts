/** Where a user's projects and imported generators lie, for every front door. */
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export function dataFolder(environment = process.env, platform = process.platform): string {
  if (environment.HALFTURN_DATA) return environment.HALFTURN_DATA
  if (platform === 'win32') return join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Halfturn')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Halfturn')
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'halfturn')
}

/**
 * Takes over what an earlier edition kept in another folder; what is there already stays.
 * @throws where the disk refuses; then both folders are as they were
 */
export function adopt(earlier: string, folder: string): void {
  for (const name of ['projects', 'generators']) {
    const [from, to] = [join(earlier, name), join(folder, name)]
    if (!existsSync(from) || existsSync(to)) continue
    mkdirSync(folder, { recursive: true })
    renameSync(from, to)
  }
}
