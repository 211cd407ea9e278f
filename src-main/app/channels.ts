/** The few messages between window and shell that are not the engine's, and what they may carry. */
import { z } from 'zod'
import type { Language } from '../words/languages.ts'
import type { Message } from '../words/message.ts'

export const channels = {
  /** Window to shell: give me a line to the engine. */
  connect: 'halfturn:connect',
  /** Shell to window: here it is (a port comes along). */
  port: 'halfturn:port',
  /** Shell to window: the engine ended, and whether it is being started again. */
  down: 'halfturn:down',
  /** Shell to window: a menu command. */
  command: 'halfturn:command',
  /** Window to shell: the language it speaks. */
  language: 'halfturn:language',
  /** Window to shell: load me anew, which a window may not do by itself. */
  reload: 'halfturn:reload',
  choose: 'halfturn:choose',
  save: 'halfturn:save',
  /** Window to shell: write files where they can be dragged from. */
  place: 'halfturn:place',
  /** Window to shell: show in its folder, or begin to drag, what was saved or placed. */
  reveal: 'halfturn:reveal',
  drag: 'halfturn:drag',
  /** Window to shell: show the folder that keeps all heads. */
  folder: 'halfturn:folder',
  /** Window to shell: ask for another one, and keep all heads there. */
  move: 'halfturn:move',
  openExternal: 'halfturn:open-external',
} as const

const fileName = z
  .string()
  .min(1)
  .max(240)
  .regex(/^[^\\/:*?"<>|\p{Cc}]+$/u)
  .refine((name) => !/^\.+$/.test(name))

/** A name to propose in the save dialog. */
export const chooseRequest = z.strictObject({ name: fileName, extension: z.string().regex(/^[a-z0-9]{2,8}$/) })

const files = z
  .array(z.strictObject({ name: fileName, blob: z.string().regex(/^[0-9a-f]{32}$/) }))
  .min(1)
  .max(8)

/** Files to write where the dialog said: the first under the chosen name, the others beside it. */
export const saveRequest = z.strictObject({ ticket: z.int(), files })
export const filesRequest = z.strictObject({ files })

export type SaveRequest = z.output<typeof saveRequest>
export type FilesRequest = z.output<typeof filesRequest>
export type Chosen = { ticket: number; name: string }
export type Placed = { ticket: number } | { failure: Message }
/** The folder that heads are kept in now. */
export type Moved = { folder: string } | { failure: Message }
/** `moving`: the engine comes back with another data folder. */
export type Down = 'restarting' | 'moving' | 'lost'
export type MenuCommand = 'open' | 'save' | 'new' | 'undo' | 'redo' | 'log' | 'preferences'

/** What the preload puts into the window as `halfturn`. */
export interface Shell {
  /** Asks for a line to the engine; it arrives as a message event on the window, with a port. */
  connect(): void
  onDown(listener: (down: Down) => void): void
  /** Makes the menu speak the window's language. */
  speak(language: Language): void
  /** Loads the window anew. */
  reload(): void
  onCommand(listener: (command: MenuCommand) => void): void
  /** The system's save dialog. Nothing where the person cancels. */
  choose(request: z.input<typeof chooseRequest>): Promise<Chosen | undefined>
  /** @returns why it failed, or nothing */
  save(request: SaveRequest): Promise<Message | undefined>
  place(request: FilesRequest): Promise<Placed>
  reveal(ticket: number): void
  /** To be called when a drag begins that the window has prevented. */
  drag(ticket: number): void
  showFolder(): void
  /** The system's dialog for folders. Nothing where the person cancels, or chooses the one there is. */
  moveFolder(): Promise<Moved | undefined>
  openExternal(url: string): Promise<void>
}
