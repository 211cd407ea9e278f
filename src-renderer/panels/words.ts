/** The engine's verdict in the window's words. */
import type { VerdictState } from '../../src-main/session/api.ts'
import { strings } from '../strings.ts'

/** What comes between the reason and the cure. */
const SEAM = ': try '

/** Splits the engine's sentence into reason and cure, and calls settings what the window calls them. */
export function inWords({ verdict, message }: VerdictState): { reason: string; cure: string | undefined } {
  const said = Object.entries(strings.verdict.settings).reduce(
    (sentence, [option, name]) => sentence.replaceAll(option, name),
    message,
  )
  const [reason, cure] = said.split(SEAM)
  if (cure !== undefined) return { reason: `${reason}.`, cure: `Try ${cure}` }
  const bare = reason.replace(/^Good: /, '')
  return {
    reason: bare.charAt(0).toUpperCase() + bare.slice(1),
    // What a photo from one side leaves open, no setting can cure.
    cure: verdict === 'uncertain' ? strings.verdict.otherPhoto : undefined,
  }
}
