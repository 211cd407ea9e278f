/** A project's record for tests: a paused job, without parts. */
import type { ProjectRecord } from '../src-main/session/project-record.ts'

export const TEST_RECORD: ProjectRecord = {
  format: 'halfturn-project',
  version: 2,
  name: 'Ada',
  generator: { id: 'default', sha256: 'a'.repeat(64) },
  photos: [{ name: 'Ada', face: 0, correction: { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0.1, pitch: 0 } }],
  settings: { quality: 'fast', steps: 60, learningRate: 0.02, seed: 0 },
  job: { state: 'paused', step: 12, steps: 60 },
  likeness: [0.3, 0.5],
}

const { photos, ...rest } = TEST_RECORD
/** The same as editions wrote it that knew one photo a project. */
export const OLD_RECORD = { ...rest, version: 1, face: photos[0].face, correction: photos[0].correction }
