/** How a face is lit, judged on the part of the crop that is face whoever it shows: brows to chin, cheek to cheek. */
import type { Crop } from './crop.ts'

interface FaceLight {
  /** Mean brightness, 0 to 255 as the pixels count. */
  mean: number
  /** What lies between its dark and its bright parts (5 and 95 % of the pixels). */
  contrast: number
  /** Part of the pixels that are as bright as can be. */
  burnt: number
}

/** The judged part, in sides of the crop. */
const FACE = { left: 0.32, right: 0.68, top: 0.32, bottom: 0.72 }
const BURNT = 252

export function lightOn({ size, rgb, valid }: Crop): FaceLight {
  const [left, right, top, bottom] = [FACE.left, FACE.right, FACE.top, FACE.bottom].map((part) =>
    Math.round(part * size),
  )
  const luma: number[] = []
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const i = y * size + x
      if (valid[i]) luma.push(0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2])
    }
  }
  // A window pulled off the photo by hand shows nothing to judge.
  if (luma.length === 0) return { mean: 128, contrast: 255, burnt: 0 }
  luma.sort((a, b) => a - b)
  const at = (part: number) => luma[Math.floor(part * (luma.length - 1))]
  return {
    mean: luma.reduce((sum, value) => sum + value, 0) / luma.length,
    contrast: at(0.95) - at(0.05),
    burnt: luma.filter((value) => value >= BURNT).length / luma.length,
  }
}
