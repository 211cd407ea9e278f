/** What a format's writer is given, and what it gives. */
import type { Message } from '../../errors.ts'
import type { Surface } from '../mesh.ts'
import type { Texture } from '../texture/texture.ts'
import type { FileChoices } from './options.ts'
import type { Provenance } from './provenance.ts'

export interface Asset {
  readonly surface: Surface
  readonly provenance: Provenance
  readonly choices: FileChoices
  /**
   * Painted when it is first asked for.
   * @param size side, pixels; absent: what holds all there is of the photos
   */
  texture(size?: number): Promise<Texture>
  /** Hears what is to be known of a file. */
  tell(note: Message): void
}

/**
 * @param name of all files, without extension; a portable one, see `portableName`
 * @returns extension and bytes of each of the format's files
 */
export type Writer = (asset: Asset, name: string) => Promise<readonly WrittenFile[]>
export type WrittenFile = readonly [extension: string, bytes: Uint8Array]
