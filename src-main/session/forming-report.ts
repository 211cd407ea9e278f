/** What the windows are told while a head forms: how far it is, how long it takes and, now and then, what it looks like. */
import { FITTED_BLOCKS } from '../engine/checkpoint/config.ts'
import { withoutFrame } from '../engine/head/views.ts'
import type { Progress } from '../engine/inversion/inversion.ts'
import type { Quality } from '../engine/inversion/schedule.ts'
import { likenessOf } from './job.ts'
import type { ProjectHead } from './project-head.ts'
import type { ProjectHost } from './project-host.ts'
import { shownView } from './shown-view.ts'
import { TimeLeft } from './time-left.ts'

/** Milliseconds between previews at least, and how many times its own cost lies between two of them. */
const PREVIEW_EVERY = 500
const PREVIEW_SHARE = 5
/** What a preview's picture is rendered with; it is the one that is fitted. */
const PREVIEW = { resolution: 80, coarse: 24, fine: 16, blocks: FITTED_BLOCKS }

export class FormingReport {
  private readonly host: ProjectHost
  private readonly id: string
  private readonly head: ProjectHead
  private timeLeft: TimeLeft
  /** What makes jobs take as long as this one. */
  private kind = ''
  /** When the last step was made, or the job began or went on; milliseconds. */
  private lastStep = 0
  private nextPreview = 0

  constructor(host: ProjectHost, id: string, head: ProjectHead, quality: Quality) {
    this.host = host
    this.id = id
    this.head = head
    this.timeLeft = new TimeLeft(quality)
  }

  /** A job begins, or one goes on that another process began. @param kind see `Paces` */
  begin(quality: Quality, kind: string): void {
    this.kind = kind
    this.timeLeft = new TimeLeft(quality, this.host.paces.of(kind))
    this.goOn()
  }

  /** Its head was judged, which took so many seconds: the next job of its kind is known by what this one took. */
  judged(seconds: number): void {
    const costs = this.timeLeft.measured(seconds)
    if (!costs) return
    this.host.paces.keep(this.kind, costs).catch((error: Error) => this.host.log(`what a job took: ${error.message}`))
  }

  /** It goes on after a pause. */
  goOn(): void {
    this.lastStep = this.host.clock.now()
  }

  /** @param isOver whether this is the last step for now, after which the head is shown as it is */
  async step(progress: Progress, isOver: boolean): Promise<void> {
    const { step, steps, phase } = progress
    const { now } = this.host.clock
    const start = now()
    this.timeLeft.note(phase, (start - this.lastStep) / 1000)
    this.lastStep = start
    const secondsLeft = this.timeLeft.after(step, steps)
    this.host.emit({
      project: this.id,
      type: 'progress',
      step,
      steps,
      phase,
      likeness: likenessOf(progress),
      ...(secondsLeft !== undefined && { secondsLeft }),
    })
    if (start < this.nextPreview && !isOver) return
    await this.preview(step)
    this.nextPreview = now() + Math.max(PREVIEW_EVERY, PREVIEW_SHARE * (now() - start))
  }

  /** The head as it stands: its planes, and the picture from the photo's camera. */
  private async preview(step: number): Promise<void> {
    const { generator, view, state } = await this.host.turn(async () => {
      const { planes, head, state, generator } = await this.head.paint()
      const view = await generator.view(head.ws, head.label, { planes, ...PREVIEW })
      return { generator, view: { ...view, image: withoutFrame(view) }, state }
    }, 'spare')
    const { bytes: picture } = await shownView(generator, view)
    this.host.emit({ project: this.id, type: 'preview', step, picture, planes: state, sent: Date.now() })
  }
}
