import { readFileSync } from 'node:fs'
import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { collage, decodedSample, samplePortrait, sharedLandmarker } from '../../../testing/face.ts'
import { message, UserError } from '../errors.ts'
import { decodePixels, type Photo } from '../images/photo.ts'
import type { Landmarker } from '../networks/mediapipe.ts'
import { findFaces } from './detect-faces.ts'
import { adjustPortrait, makePortrait, type Portrait } from './portrait.ts'
import { fitPose, type Window } from './pose.ts'
import { RELIEF_WIDTH, reliefMap, reliefOf } from './relief.ts'

let landmarker: Landmarker
let photo: Photo
let portrait: Portrait
beforeAll(async () => {
  landmarker = await sharedLandmarker()
  photo = await decodedSample()
  portrait = await make(photo)
})

/** A small crop keeps the tests quick. */
const SIZE = 160
const make = (from: Photo, face?: number) => makePortrait(from, { frame: 'own', landmarker, face, size: SIZE })
const codes = ({ warnings }: Portrait) => warnings.map(({ code }) => code)
const NOTHING = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const INTEROCULAR = 44

async function refusal(from: Photo, face?: number): Promise<string> {
  const error = await make(from, face).then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).cure).not.toBe('')
  return (error as UserError).message
}

/** How far two crops differ, in levels. */
function difference(a: Portrait, b: Portrait): number {
  return a.crop.rgb.reduce((sum, value, i) => sum + Math.abs(value - b.crop.rgb[i]), 0) / a.crop.rgb.length
}

describe('makePortrait', () => {
  it('makes a clean portrait of the sample', () => {
    expect(portrait.warnings).toEqual([])
    expect(portrait.faces).toHaveLength(1)
    expect(portrait.face).toBe(0)
    expect(portrait.crop.rgb).toHaveLength(3 * SIZE * SIZE)
    expect(portrait.camera).toHaveLength(25)
    expect(Math.abs(portrait.interocular - INTEROCULAR)).toBeLessThan(2)
    expect(portrait.blur).toBeLessThan(0.03)
    // She looks almost straight into the camera, her head slightly tilted; the eyes are level in the crop.
    const { yaw, pitch, roll, rms } = portrait.pose
    expect(Math.abs(yaw)).toBeLessThan(0.05)
    expect(Math.abs(pitch)).toBeLessThan(0.15)
    expect(Math.abs(roll - 0.05)).toBeLessThan(0.03)
    expect(rms).toBeLessThan(8)
  })

  it('finds the same face, mirrored, in the mirror', async () => {
    const mirrored = await make(await decodedSample((image) => image.flop()))
    expect(Math.abs(mirrored.pose.yaw + portrait.pose.yaw)).toBeLessThan(0.05)
    expect(Math.abs(mirrored.pose.roll + portrait.pose.roll)).toBeLessThan(0.02)
    expect(Math.abs(512 - mirrored.pose.centre[0] - portrait.pose.centre[0])).toBeLessThan(2)
  })

  it('gives the same crop whatever the size and turn of the photo', async () => {
    const edits: ((image: Sharp) => Sharp)[] = [
      (image) => image.resize(1400, 1400),
      (image) => image.rotate(20, { background: '#777777' }),
    ]
    for (const edit of edits) {
      const other = await make(await decodedSample(edit))
      expect(Math.abs(other.pose.yaw - portrait.pose.yaw)).toBeLessThan(0.06)
      expect(Math.abs(other.pose.pitch - portrait.pose.pitch)).toBeLessThan(0.06)
      expect(difference(other, portrait)).toBeLessThan(8)
    }
  })

  it('uses the focal length of the photo', async () => {
    const close = await make({ ...photo, focal35mm: 24 })
    const [{ points }] = findFaces(landmarker, photo)
    const expected = fitPose(points, 'own', (24 / 43.27) * Math.hypot(512, 512))
    expect(close.pose).toEqual(expected)
    expect(close.pose).not.toEqual(portrait.pose)
  })

  it('asks which of several faces, and takes the one it is told', async () => {
    // Large in the photo, which is then not searched tile by tile.
    const input = await sharp(await samplePortrait())
      .extract({ left: 100, top: 0, width: 250, height: 250 })
      .toBuffer()
    const small = await sharp(input).resize(200, 200).toBuffer()
    const two = await collage(
      [500, 260],
      [
        { input: small, left: 10, top: 30 },
        { input, left: 240, top: 5 },
      ],
    )
    const largest = await make(two)
    expect(codes(largest)).toEqual(['several-faces'])
    expect(largest.faces).toHaveLength(2)
    expect(largest.pose.centre[0]).toBeGreaterThan(240)
    const second = await make(two, 2)
    expect(codes(second)).not.toContain('several-faces')
    expect(second.face).toBe(1)
    expect(second.pose.centre[0]).toBeLessThan(210)
    expect(await refusal(two, 3)).toContain('2 faces')
    expect(await refusal(two, 0)).toContain('no face 0')
    expect(await refusal(photo, 2)).toContain('one face')
  })

  it('refuses a photo without a face', async () => {
    const blind = { ...landmarker, spot: () => [] }
    const blank = await collage([200, 100], [])
    await expect(makePortrait(blank, { frame: 'own', landmarker: blind })).rejects.toThrow('No face')
  })

  it('refuses drawings', async () => {
    const bird = `<ellipse cx="250" cy="230" rx="170" ry="110" fill="#e55"/><circle cx="370" cy="130" r="70" fill="#e55"/>
      <circle cx="390" cy="115" r="22" fill="#fff"/><circle cx="397" cy="117" r="9"/><path d="M430 130 L495 150 L430 165 Z"/>`
    const smiley = `<circle cx="200" cy="200" r="150" fill="#fd4" stroke="#000" stroke-width="8"/><circle cx="150" cy="160" r="18"/>
      <circle cx="250" cy="160" r="18"/><path d="M120 240 Q200 330 280 240" fill="none" stroke="#000" stroke-width="10"/>`
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="400">${bird}<g transform="translate(500)">${smiley}</g></svg>`
    const drawings = await collage([900, 400], [{ input: Buffer.from(svg), left: 0, top: 0 }])
    expect(await refusal(drawings)).toContain('No face')
  })

  it('refuses a profile', async () => {
    // Nobody: the embedded generator's mean head, seen from the side.
    const profile = await decodePixels(readFileSync(new URL('fixtures/profile.jpg', import.meta.url)))
    expect(await refusal(profile)).toMatch(/No face was found|turned away too far/)
  })

  it('warns of a small face, refuses a tiny one', async () => {
    expect(codes(await make(await decodedSample((image) => image.resize(240, 240))))).toEqual(['small'])
    expect(await refusal(await decodedSample((image) => image.resize(110, 110)))).toContain('too small')
  })

  it('warns of blur, refuses a lot of it, and is not misled by size or compression', async () => {
    const blurred = (part: number) => decodedSample((image) => image.blur(part * INTEROCULAR))
    expect(codes(await make(await blurred(0.025)))).toEqual([])
    expect(codes(await make(await blurred(0.07)))).toContain('blurred')
    expect(await refusal(await blurred(0.12))).toContain('blurred')
    for (const side of [1500, 480, 300]) {
      expect(codes(await make(await decodedSample((image) => image.resize(side, side))))).not.toContain('blurred')
    }
    expect(codes(await make(await decodedSample((image) => image.jpeg({ quality: 30 }))))).toEqual([])
  })

  it.each([90, 180, 270, 150, -35])('sets a face upright that is turned by %i degrees, and says so', async (turn) => {
    const other = await make(await decodedSample((image) => image.rotate(turn, { background: '#777777' })))
    expect(other.faces).toHaveLength(1)
    const roll = other.pose.roll - portrait.pose.roll - (turn * Math.PI) / 180
    expect(Math.abs(Math.sin(roll))).toBeLessThan(0.05)
    expect(Math.cos(roll)).toBeGreaterThan(0)
    expect(Math.abs(other.pose.yaw - portrait.pose.yaw)).toBeLessThan(0.04)
    expect(Math.abs(other.pose.pitch - portrait.pose.pitch)).toBeLessThan(0.04)
    expect(difference(other, portrait)).toBeLessThan(8)
    expect(codes(other)).toEqual(Math.abs(turn) > 60 ? ['not-upright'] : [])
  })

  it.each([
    [512, 2560],
    [2560, 512],
    [9000, 512],
  ])('sees the same in a photo of %i x %i pixels', async (width, height) => {
    const [left, top] = [Math.round((width - 512) / 3), Math.round((height - 512) / 2)]
    const other = await make(await collage([width, height], [{ input: await samplePortrait(), left, top }]))
    expect(other.faces).toHaveLength(1)
    expect(Math.abs(other.pose.yaw - portrait.pose.yaw)).toBeLessThan(0.02)
    expect(Math.abs(other.pose.pitch - portrait.pose.pitch)).toBeLessThan(0.02)
    expect(Math.abs(other.pose.centre[0] - left - portrait.pose.centre[0])).toBeLessThan(2)
  })

  it('says what is wrong with the light', async () => {
    const lit = (gain: number, offset: number) => decodedSample((image) => image.linear(gain, offset))
    expect(codes(await make(await lit(0.12, 0)))).toEqual(['dark'])
    expect(codes(await make(await lit(0.2, 110)))).toEqual(['flat'])
    expect(codes(await make(await lit(1.6, 0)))).toEqual(['overexposed'])
    expect(codes(await make(await lit(0.6, 0)))).toEqual([])
  })

  it('passes on what was odd about the file', async () => {
    const odd = await make({ ...photo, notes: [message('end-missing')] })
    expect(codes(odd)).toEqual(['end-missing'])
    expect(codes(adjustPortrait(photo, odd, NOTHING))).toEqual(['end-missing'])
  })

  it('warns when the crop leaves the photo', async () => {
    const tight = await decodedSample((image) => image.extract({ left: 165, top: 62, width: 120, height: 120 }))
    const cut = await make(tight)
    expect(codes(cut)).toEqual(['outside'])
    expect(cut.crop.valid.some((pixel) => pixel === 0)).toBe(true)
  })
})

describe('the limits on pose', () => {
  /** A landmarker that sees the sample's landmarks turned about the vertical or horizontal axis of the face. */
  const turned = (yaw: number, pitch: number): Landmarker => ({
    detect(image) {
      return landmarker.detect(image).map(({ points, box }) => ({ box, points: rotated(points, yaw, pitch) }))
    },
    spot: (image) => landmarker.spot(image),
    close() {},
  })
  const seen = (yaw: number, pitch: number) =>
    makePortrait(photo, { frame: 'own', landmarker: turned(yaw, pitch), size: SIZE })

  it('warns of a turned face and refuses one turned away', async () => {
    expect(codes(await seen(0.55, 0))).not.toContain('turned')
    const found = await seen(0.87, 0)
    expect(Math.abs(found.pose.yaw)).toBeGreaterThan(0.79)
    expect(codes(found)).toContain('turned')
    await expect(seen(1.1, 0)).rejects.toThrow(/turned away/)
    await expect(seen(-1.1, 0)).rejects.toThrow(/turned away/)
  })

  it('warns of a face seen from above or below', async () => {
    const tilted = await seen(0, 0.22)
    expect(codes(tilted)).toContain('tilted')
    const strongly = await seen(0, 0.4)
    expect(codes(strongly)).toContain('strongly-tilted')
    expect(codes(strongly)).not.toContain('tilted')
  })

  it('doubts landmarks that are no face', async () => {
    const scrambled: Landmarker = {
      detect: (image) =>
        landmarker.detect(image).map(({ points, box }) => ({
          box,
          points: points.map((value, i) => value + (i % 3 === 0 && i % 2 === 0 ? 0.12 * box.width : 0)),
        })),
      spot: (image) => landmarker.spot(image),
      close() {},
    }
    expect(codes(await makePortrait(photo, { frame: 'own', landmarker: scrambled, size: SIZE }))).toContain('doubtful')
  })
})

describe('adjustPortrait', () => {
  it('changes nothing without a correction', () => {
    const { crop, ...rest } = adjustPortrait(photo, portrait, NOTHING)
    const { crop: before, ...restBefore } = portrait
    expect(rest).toEqual(restBefore)
    expect(Buffer.from(crop.rgb).equals(before.rgb)).toBe(true)
  })

  it('moves, scales and turns the window and the camera', () => {
    const { pose } = portrait
    const moved = adjustPortrait(photo, portrait, { ...NOTHING, dx: 0.25, dy: -0.5 })
    const [x, y] = [moved.pose.centre[0] - pose.centre[0], moved.pose.centre[1] - pose.centre[1]]
    expect(Math.hypot(x, y) / pose.side).toBeCloseTo(Math.hypot(0.25, 0.5), 6)
    expect(Math.atan2(y, x)).toBeCloseTo(Math.atan2(-0.5, 0.25) + pose.roll, 6)
    expect(moved.camera).toEqual(portrait.camera)
    const other = adjustPortrait(photo, portrait, { ...NOTHING, scale: 1.5, roll: 0.1, yaw: 0.2, pitch: -0.3 })
    expect(other.pose.side).toBeCloseTo(1.5 * pose.side)
    expect(other.pose.roll).toBeCloseTo(pose.roll + 0.1)
    expect(other.camera).not.toEqual(portrait.camera)
    expect(codes(other)).toContain('tilted')
  })

  it('stays within bounds', () => {
    const far = adjustPortrait(photo, portrait, { ...NOTHING, dx: 1e9, dy: -1e9, scale: 1e9, yaw: 9, pitch: 9 })
    expect(far.pose.centre).toEqual([512, 0])
    expect(far.pose.side).toBe(4 * 512)
    expect(far.camera.every(Number.isFinite)).toBe(true)
    expect(adjustPortrait(photo, portrait, { ...NOTHING, scale: 0 }).pose.side).toBe(16)
    expect(() => adjustPortrait(photo, portrait, { ...NOTHING, dx: Number.NaN })).toThrow(RangeError)
  })
})

/** The landmarks as a camera far away would see them after the head has turned. */
function rotated(points: Float64Array, yaw: number, pitch: number): Float64Array {
  const count = points.length / 3
  const mean = [0, 1, 2].map((axis) => points.reduce((sum, v, i) => sum + (i % 3 === axis ? v : 0), 0) / count)
  const out = new Float64Array(points.length)
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = mean.map((m, axis) => points[i + axis] - m)
    const [x1, z1] = [x * Math.cos(yaw) - z * Math.sin(yaw), x * Math.sin(yaw) + z * Math.cos(yaw)]
    const [y1, z2] = [y * Math.cos(pitch) - z1 * Math.sin(pitch), y * Math.sin(pitch) + z1 * Math.cos(pitch)]
    out.set([mean[0] + x1, mean[1] + y1, mean[2] + z2], i)
  }
  return out
}

describe('the relief that landmarks tell', () => {
  it('has the nose where noses are, before the eyes', async () => {
    const { landmarks, frame, pose } = portrait
    const map = await reliefMap()
    const relief = reliefOf({ ...landmarks, frame, face: map.mean }, map)
    const far = (landmark: number) => relief[RELIEF_WIDTH * landmark + 2]
    // Millimetres; from the tip to the outer corners of the eyes, and to the cheeks beside the nose.
    const [eyes, cheeks] = [
      [33, 263],
      [50, 280],
    ].map((two) => 400 * (two.reduce((sum, landmark) => sum + far(landmark) / 2, 0) - far(1)))
    expect(eyes).toBeGreaterThan(30)
    expect(eyes).toBeLessThan(65)
    expect(cheeks).toBeGreaterThan(15)
    expect(cheeks).toBeLessThan(45)
    expect(pose).toEqual(landmarks.pose)
  })

  it('keeps its depths when the crop is corrected by hand', async () => {
    const { landmarks, frame } = adjustPortrait(photo, portrait, { ...NOTHING, dx: 0.1, yaw: 0.3 })
    const map = await reliefMap()
    const { centre, side, roll } = landmarks.pose
    const moved: Window = {
      ...landmarks.pose,
      centre: [centre[0] + 0.1 * side * Math.cos(roll), centre[1] + 0.1 * side * Math.sin(roll)],
    }
    const seen = { ...landmarks, frame, face: map.mean }
    const before = reliefOf(seen, map)
    const after = reliefOf(seen, map, moved)
    for (let at = 0; at < before.length; at += RELIEF_WIDTH) {
      expect(after[at]).toBeCloseTo(before[at] - 0.1, 5)
      expect(after[at + 2]).toBe(before[at + 2])
    }
  })

  it('hears who the face is like, and nothing that no face can be', async () => {
    const { landmarks, frame } = portrait
    const map = await reliefMap()
    const { mean, basis } = map
    // So many deviations along the strongest component; components are perpendicular.
    const strongest = mean.map((_, i) => basis[(i * basis.length) / mean.length])
    const size = strongest.reduce((sum, value) => sum + value * value, 0)
    const far = (deviations: number) => {
      const face = mean.map((value, i) => value + (deviations * strongest[i]) / size)
      const relief = reliefOf({ ...landmarks, frame, face }, map)
      return relief.filter((_, i) => i % RELIEF_WIDTH === 2 && relief[i + 1] > 0)
    }
    const [average, alike, absurd] = [far(0), far(1), far(1000)]
    const millimetres = (other: Float32Array) =>
      400 * Math.max(...other.map((value, i) => Math.abs(value - average[i])))
    expect(millimetres(alike)).toBeGreaterThan(0.1)
    expect(millimetres(alike)).toBeLessThan(5)
    expect(millimetres(absurd)).toBeLessThan(30)
  })
})
