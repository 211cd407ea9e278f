/** A portrait as bytes, for files: opacities have 256 steps in memory already (portrait-target.ts). */
import type { PortraitTarget } from './objective.ts'

/** What a portrait is kept as; its side is kept beside it. */
export type PortraitBytes = Readonly<Record<'rgb' | 'matte' | 'valid', Uint8Array> & { fine?: Uint8Array }>

export function portraitBytes({ rgb, matte, valid, fine }: PortraitTarget): PortraitBytes {
  return { rgb, matte: Uint8Array.from(matte, (alpha) => Math.round(alpha * 255)), valid, ...(fine && { fine }) }
}

/** @param bytes are copied: the file they are a part of need not stay in memory */
export function portraitFrom(size: number, { rgb, matte, valid, fine }: PortraitBytes): PortraitTarget {
  return {
    size,
    rgb: Uint8Array.from(rgb),
    matte: Float32Array.from(matte, (value) => value / 255),
    valid: Uint8Array.from(valid),
    ...(fine && { fine: Uint8Array.from(fine) }),
  }
}
