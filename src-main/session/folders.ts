/** Where a user's projects and imported generators lie, for every front door. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export function dataFolder(environment = process.env, platform = process.platform): string {
  if (environment.HALFTURN_DATA) return environment.HALFTURN_DATA
  if (platform === 'win32') return join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Halfturn')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Halfturn')
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'halfturn')
}
