/** The head of a project: what it came of, what is thought of it, and what is made of it when somebody asks. */
import { UserError } from '../engine/errors.ts'
import { portableName } from '../engine/files/names.ts'
import { type FileOrder, Finish, type HeadSource, type MeshOptions, type QueuePlace } from '../engine/finish.ts'
import type { Generator } from '../engine/generator/generator.ts'
import type { Planes } from '../engine/generator/plane-layout.ts'
import type { Edit } from '../engine/head/edit.ts'
import type { Head } from '../engine/head/head.ts'
import { writeHead } from '../engine/head/head-file.ts'
import type { Assessment } from '../engine/quality/verdict.ts'
import type { Watch } from '../engine/surface/field.ts'
import type { FormatName } from '../engine/surface/formats/formats.ts'
import type { WrittenFile } from '../engine/surface/formats/writer.ts'
import type { Surface } from '../engine/surface/mesh.ts'
import type { Texture } from '../engine/surface/texture/texture.ts'
import type { Rank } from '../engine/turns.ts'
import type { PlanesState } from './api.ts'
import { planesState } from './planes-state.ts'
import type { ProjectHost } from './project-host.ts'
import { throttled } from './throttle.ts'

/** The surface a head is judged by: what the window shows first, which is then at hand. */
const JUDGED = { resolution: 192, triangles: 60_000 }

/** Of planes, over all projects: no two heads are told apart by less. */
let versions = 0

/** All of one head: with another head it is another one. */
interface Formed {
  /** Of the head as it was changed last. */
  finish: Finish
  /** Aborted when the head has become another one. */
  readonly stale: AbortController
  quality?: Assessment
  judging?: { readonly place: QueuePlace; readonly quality: Promise<Assessment | undefined> }
  planes?: PlanesState
  planesAsFormed?: PlanesState
  /** As it was saved last. */
  bytes?: Uint8Array
}

export class ProjectHead {
  private readonly host: ProjectHost
  private readonly id: string
  private readonly judged: (seconds: number) => Promise<void>
  private formed: Formed | undefined

  /** @param judged is called when there is a judgement to save, which took so many seconds */
  constructor(host: ProjectHost, id: string, judged: (seconds: number) => Promise<void>) {
    this.host = host
    this.id = id
    this.judged = judged
  }

  /** @param known of the head, where it was saved */
  become(source: HeadSource | undefined, known: { quality?: Assessment; bytes?: Uint8Array } = {}): void {
    this.formed?.stale.abort()
    this.formed = source && {
      ...{ finish: new Finish(source, this.host), stale: new AbortController() },
      ...known,
    }
  }

  /**
   * Changes what is shown of the head: only its planes are painted anew, and what is thought of it stays. Call it in
   * a turn.
   * @throws UserError where there is no head yet, or its generator has no such trait
   */
  change(edit: Edit): void {
    const formed = this.require()
    formed.finish = formed.finish.edited(edit)
    formed.planes = undefined
    formed.bytes = undefined
  }

  /** What was changed of it. */
  get edit(): Edit | undefined {
    return this.formed?.finish.source.head.edit
  }

  /** Ends what is made of it. */
  abandon(): void {
    this.formed?.stale.abort()
  }

  get exists(): boolean {
    return this.formed !== undefined
  }

  /** Where it has been judged. */
  get quality(): Assessment | undefined {
    return this.formed?.quality
  }

  get isBeingJudged(): boolean {
    return this.formed?.judging !== undefined
  }

  /** As a file; nothing where there is none. */
  get bytes(): Uint8Array | undefined {
    const { formed } = this
    if (!formed) return undefined
    const { head, generator, photos } = formed.finish.source
    formed.bytes ??= Buffer.concat(writeHead(head, generator, photos))
    return formed.bytes
  }

  /** The head and its planes, painted when asked for. Call it in a turn. @throws UserError where there is no head yet */
  async paint(): Promise<{ planes: Planes; head: Head; generator: Generator; state: PlanesState }> {
    const formed = this.require()
    const { finish } = formed
    const { generator, head } = finish.source
    const planes = await finish.planes()
    formed.planes ??= this.stateOf(planes, finish.source, '')
    return { planes, head, generator, state: formed.planes }
  }

  /** The planes of the head as it was formed. Call it in a turn. @throws UserError where there is no head yet */
  async planesAsFormed(): Promise<PlanesState> {
    const formed = this.require()
    const { asFormed } = formed.finish
    formed.planesAsFormed ??= this.stateOf(await asFormed.planes(), asFormed.source, 'formed-')
    return formed.planesAsFormed
  }

  private stateOf(planes: Planes, { generator, head }: HeadSource, slots: string): PlanesState {
    const put = (bytes: Uint8Array, slot: string) => this.host.blobs.put(bytes, `${this.id}/${slots}${slot}`)
    return { version: ++versions, camera: [...head.label], ...planesState(generator, planes, put) }
  }

  /** The head's surface as it is now. A job's steps wait for it. */
  async surface(mesh: MeshOptions, watch: Watch): Promise<Surface> {
    return this.require().finish.surface(mesh, watch)
  }

  /** A coarse one at once, where the one that is wanted has yet to be made. */
  async draft(mesh: MeshOptions): Promise<Surface | undefined> {
    return this.require().finish.draft(mesh)
  }

  /** The pictures on that surface. */
  async texture(mesh: MeshOptions): Promise<Texture> {
    return this.require().finish.texture(mesh)
  }

  /**
   * The head as the files of a format.
   * @param name without extension; it is made portable
   * @param isFinished whether they say what is to be thought of it
   */
  async files(
    format: FormatName,
    name: string,
    { isFinished, ...wanted }: Omit<FileOrder, 'quality'> & { isFinished: boolean },
    watch: Watch,
  ): Promise<WrittenFile[]> {
    const { finish } = this.require()
    const { mesh } = wanted
    const isJudged = mesh.resolution === JUDGED.resolution && mesh.triangles === JUDGED.triangles && !mesh.even
    const make = () => (isJudged ? this.judge('asked') : finish.quality(mesh, watch))
    const quality = isFinished ? await make() : undefined
    return finish.files([format], portableName(name), { ...wanted, quality }, watch)
  }

  /**
   * What is to be thought of the finished head: found out once, then kept with it.
   * @param rank whether somebody waits for it
   * @returns nothing for a made-up person, and where the head has become another one meanwhile
   */
  async judge(rank: Rank = 'spare'): Promise<Assessment | undefined> {
    const formed = this.require()
    if (formed.quality) return formed.quality
    if (!formed.judging) {
      const place = { rank }
      const quality = this.makeJudgement(formed, place).finally(() => {
        formed.judging = undefined
      })
      formed.judging = { place, quality }
    }
    if (rank === 'asked') formed.judging.place.rank = rank
    return formed.judging.quality
  }

  private async makeJudgement(formed: Formed, place: QueuePlace): Promise<Assessment | undefined> {
    const { signal } = formed.stale
    const tell = (fraction: number) => this.host.emit({ project: this.id, type: 'task', task: 'verdict', fraction })
    tell(0)
    const began = this.host.clock.now()
    try {
      const quality = await formed.finish.quality(JUDGED, { signal, progress: throttled(tell) }, place)
      if (signal.aborted || !quality) return undefined
      formed.quality = quality
      await this.judged((this.host.clock.now() - began) / 1000)
      return quality
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    } finally {
      tell(1)
    }
  }

  /** @throws UserError where there is no head yet */
  private require(): Formed {
    if (!this.formed) throw new UserError('no-head')
    return this.formed
  }
}
