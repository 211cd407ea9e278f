/** Another folder for all heads: the person says which, they are copied there, and the engine goes on with the copies. */
import { type BrowserWindow, dialog, type OpenDialogOptions } from 'electron'
import { copyData, keepIn, roomIn } from '../session/folders.ts'
import type { Moved } from './channels.ts'
import type { EngineHost } from './engine-host.ts'

/** @returns nothing where the person cancels, or chooses the folder there is */
export async function moveData(engine: EngineHost, owner: BrowserWindow | null): Promise<Moved | undefined> {
  const from = engine.folder
  const options: OpenDialogOptions = { defaultPath: from, properties: ['openDirectory', 'createDirectory'] }
  const { canceled, filePaths } = await (owner ? dialog.showOpenDialog(owner, options) : dialog.showOpenDialog(options))
  if (canceled || filePaths.length === 0) return undefined
  const folder = roomIn(filePaths[0])
  if (folder === from) return undefined
  const failure = await engine.move(folder, async () => {
    await copyData(from, folder)
    await keepIn(folder)
  })
  return failure ? { failure } : { folder }
}
