/** Files on their way out of the window: to where the person said in the system's dialog, or dragged to another program. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join } from 'node:path'
import { app, type BrowserWindow, dialog, type NativeImage, nativeImage, shell, type WebContents } from 'electron'
import { type Message, message } from '../engine/errors.ts'
import type { Chosen, FilesRequest, Placed, SaveRequest } from './channels.ts'

interface Written {
  readonly paths: readonly string[]
  /** What is under the pointer while they are dragged. */
  readonly icon: NativeImage
}

/** Has the engine write bytes it holds. @returns why it failed, or nothing */
type Write = (blob: string, path: string) => Promise<Message | undefined>

/** Side of what is dragged where the system has no icon for it, pixels. */
const PLAIN = 32

export class FilesOut {
  private readonly write: Write
  /** Where the person said files may go, until they are written there. */
  private readonly chosen = new Map<number, string>()
  private readonly written = new Map<number, Written>()
  /** Folders of what can be dragged before it is saved anywhere. */
  private readonly shelves: string[] = []
  private tickets = 0

  constructor(write: Write) {
    this.write = write
  }

  async choose(owner: BrowserWindow | null, name: string, extension: string): Promise<Chosen | undefined> {
    const options = { defaultPath: `${name}.${extension}`, filters: [{ name: extension, extensions: [extension] }] }
    const { canceled, filePath } = await (owner
      ? dialog.showSaveDialog(owner, options)
      : dialog.showSaveDialog(options))
    if (canceled || !filePath) return undefined
    const path = extname(filePath).toLowerCase() === `.${extension}` ? filePath : `${filePath}.${extension}`
    this.chosen.set(++this.tickets, path)
    return { ticket: this.tickets, name: basename(path, extname(path)) }
  }

  /** The first file goes where the person said, the others beside it. */
  async save({ ticket, files }: SaveRequest): Promise<Message | undefined> {
    const path = this.chosen.get(ticket)
    this.chosen.delete(ticket)
    if (!path) return message('nothing-chosen')
    const [first, ...others] = files
    return this.put(ticket, [
      { ...first, path },
      ...others.map((file) => ({ ...file, path: join(dirname(path), basename(file.name)) })),
    ])
  }

  /** Puts files where they can be dragged from; they go with the app. */
  async place({ files }: FilesRequest): Promise<Placed> {
    const folder = mkdtempSync(join(tmpdir(), 'halfturn-'))
    this.shelves.push(folder)
    const ticket = ++this.tickets
    const failure = await this.put(
      ticket,
      files.map((file) => ({ ...file, path: join(folder, basename(file.name)) })),
    )
    return failure ? { failure } : { ticket }
  }

  reveal(ticket: number): void {
    const written = this.written.get(ticket)
    if (written) shell.showItemInFolder(written.paths[0])
  }

  drag(from: WebContents, ticket: number): void {
    const written = this.written.get(ticket)
    if (!written) return
    const { paths, icon } = written
    from.startDrag({ file: paths[0], files: [...paths], icon })
  }

  close(): void {
    for (const folder of this.shelves) rmSync(folder, { recursive: true, force: true })
  }

  private async put(ticket: number, files: { blob: string; path: string }[]): Promise<Message | undefined> {
    for (const { blob, path } of files) {
      const failure = await this.write(blob, path)
      if (failure) return failure
    }
    const icon = await app.getFileIcon(files[0].path).catch(() => undefined)
    this.written.set(ticket, { paths: files.map(({ path }) => path), icon: icon && !icon.isEmpty() ? icon : plain() })
    return undefined
  }
}

const plain = () => nativeImage.createFromBitmap(Buffer.alloc(4 * PLAIN ** 2, 0x99), { width: PLAIN, height: PLAIN })
