/** The process that makes the heads of a batch, one after the other, with networks and generator loaded once. */
import '../../engine/runtime/privacy.ts'
import { openStudio } from '../studio.ts'
import { silent } from './crew.ts'
import { studioMaker } from './make-one.ts'
import { serveCrew } from './serve-crew.ts'

await serveCrew(async (options) => {
  const studio = await openStudio(options, silent)
  return { maker: studioMaker(studio), reason: studio.generator.runtime.provider.reason }
})
