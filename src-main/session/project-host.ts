/** What a project needs of the engine round it. */
import type { MattedPortrait } from '../engine/face/matted-portrait.ts'
import type { Portrait } from '../engine/face/portrait.ts'
import type { Photo } from '../engine/images/photo.ts'
import type { Landmarker } from '../engine/networks/mediapipe.ts'
import type { Identity } from '../engine/quality/identity.ts'
import type { Rank, RunInTurn } from '../engine/turns.ts'
import type { ProjectEvent } from './api.ts'
import type { Blobs } from './blobs.ts'
import type { Clock } from './clock.ts'
import type { Paces } from './paces.ts'
import type { Store } from './store.ts'

export interface ProjectHost {
  readonly store: Store
  readonly blobs: Blobs
  readonly clock: Clock
  readonly paces: Paces
  decode(bytes: Uint8Array): Promise<Photo>
  landmarker(): Promise<Landmarker>
  /** Tells people apart. */
  identity(): Promise<Identity>
  /** The portrait with the person cut out, for an inversion to compare with. */
  target(portrait: Portrait): Promise<MattedPortrait>
  /** Runs `work` when nothing else runs a network; see `Turns`. */
  turn<T>(work: () => Promise<T>, rank?: Rank): Promise<T>
  /** Runs `work`, which takes several turns, ahead of what is spare. */
  errand: RunInTurn
  emit(event: ProjectEvent): void
  log(line: string): void
}
