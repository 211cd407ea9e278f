/** What a job works with. */
import type { Generator, Weights } from '../generator/generator.ts'
import type { Terms } from './terms/terms.ts'

export interface InversionContext {
  readonly generator: Generator
  /** Tensors of the generator's file beside its weights. */
  readonly extras: Weights
  readonly faceRes: Weights
  /** What shapes the head; default: all there is, `DEFAULT_TERMS`. */
  readonly terms?: Terms
}
