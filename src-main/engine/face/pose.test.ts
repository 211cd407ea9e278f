import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PORTRAIT_FOCAL, project } from '../generator/camera.ts'
import { LANDMARKS } from '../networks/mediapipe.ts'
import { cameraLabel, FIT_SIZE, fitPose, projectTemplate } from './pose.ts'
import { type Frame, TEMPLATE } from './template.ts'

const FRAMES: Frame[] = ['own', 'eg3d']

interface Truth {
  yaw: number
  pitch: number
  roll: number
  side: number
  centre: [number, number]
}

/** Landmarks of the average head as a photo would show it under a known pose. */
function photograph(frame: Frame, { yaw, pitch, roll, side, centre }: Truth, focal = PORTRAIT_FOCAL): Float64Array {
  const { image, depth } = projectTemplate(frame, yaw, pitch, focal)
  const points = new Float64Array(3 * LANDMARKS)
  const scale = side / FIT_SIZE
  for (const [i, { landmark }] of TEMPLATE[frame].entries()) {
    const [u, v] = [image[2 * i] - FIT_SIZE / 2, image[2 * i + 1] - FIT_SIZE / 2]
    points[3 * landmark] = centre[0] + scale * (Math.cos(roll) * u - Math.sin(roll) * v)
    points[3 * landmark + 1] = centre[1] + scale * (Math.sin(roll) * u + Math.cos(roll) * v)
    points[3 * landmark + 2] = scale * depth[i] + 17 // the depth's origin is nobody's business
  }
  return points
}

function expectPose(found: ReturnType<typeof fitPose>, truth: Truth) {
  expect(found.yaw).toBeCloseTo(truth.yaw, 6)
  expect(found.pitch).toBeCloseTo(truth.pitch, 6)
  expect(found.roll).toBeCloseTo(truth.roll, 6)
  expect(found.side / truth.side).toBeCloseTo(1, 6)
  expect(found.centre[0]).toBeCloseTo(truth.centre[0], 4)
  expect(found.centre[1]).toBeCloseTo(truth.centre[1], 4)
  expect(found.rms).toBeLessThan(1e-6)
}

describe('fitPose', () => {
  it.each(FRAMES)('finds the pose of the average head again (%s)', (frame) => {
    const poses = [
      [0.3, 0.1],
      [-0.6, -0.15],
      [0, 0],
    ]
    for (const [yaw, pitch] of poses) {
      const truth: Truth = { yaw, pitch, roll: 0.21, side: 388, centre: [611.3, 402.9] }
      expectPose(fitPose(photograph(frame, truth), frame, PORTRAIT_FOCAL * truth.side), truth)
    }
  })

  it('does so anywhere in the range the front end accepts', () => {
    const truths = fc.record({
      yaw: fc.double({ min: -0.87, max: 0.87, noNaN: true }),
      pitch: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      roll: fc.double({ min: -3, max: 3, noNaN: true }),
      side: fc.double({ min: 60, max: 4000, noNaN: true }),
      centre: fc.tuple(fc.double({ min: 0, max: 4096, noNaN: true }), fc.double({ min: 0, max: 4096, noNaN: true })),
    })
    fc.assert(
      fc.property(truths, fc.constantFrom(...FRAMES), (truth, frame) =>
        expectPose(fitPose(photograph(frame, truth), frame, PORTRAIT_FOCAL * truth.side), truth),
      ),
      { numRuns: 60 },
    )
  })

  it.each(FRAMES)('turns yaw, roll and the centre round in the mirror (%s)', (frame) => {
    const truth: Truth = { yaw: 0.4, pitch: -0.1, roll: 0.2, side: 300, centre: [420, 310] }
    const points = photograph(frame, truth)
    const mirrorOf = new Map(
      TEMPLATE[frame].map(({ landmark, position: [x, y, z] }) => [
        landmark,
        TEMPLATE[frame].find(({ position: p }) => p[0] === -x && p[1] === y && p[2] === z)!.landmark,
      ]),
    )
    const mirrored = new Float64Array(points.length)
    for (const [landmark, other] of mirrorOf) {
      mirrored.set([1000 - points[3 * landmark], points[3 * landmark + 1], points[3 * landmark + 2]], 3 * other)
    }
    expectPose(fitPose(mirrored, frame, PORTRAIT_FOCAL * truth.side), {
      ...truth,
      yaw: -0.4,
      roll: -0.2,
      centre: [580, 310],
    })
  })

  it.each(FRAMES)('uses a known focal length (%s)', (frame) => {
    const truth: Truth = { yaw: -0.35, pitch: 0.12, roll: -0.1, side: 900, centre: [1500, 1100] }
    const focal = 1.8
    const points = photograph(frame, truth, focal)
    const mistaken = fitPose(points, frame, 3.2 * truth.side)
    const knowing = fitPose(points, frame, focal * truth.side)
    expect(mistaken.rms).toBeGreaterThan(1)
    expect(knowing.rms).toBeLessThan(0.05)
    expect(knowing.focal).toBeCloseTo(focal, 2)
    expect(Math.abs(knowing.yaw - truth.yaw)).toBeLessThan(1e-3)
    expect(Math.abs(knowing.pitch - truth.pitch)).toBeLessThan(1e-3)
    expect(Math.abs(knowing.side / truth.side - 1)).toBeLessThan(2e-3)
  })

  it.each([1.6, 2.4, PORTRAIT_FOCAL, 7])(
    'reads a focal length of %f off the landmarks where none is known',
    (focal) => {
      const truth: Truth = { yaw: 0.3, pitch: -0.1, roll: 0.1, side: 500, centre: [700, 600] }
      const found = fitPose(photograph('own', truth, focal), 'own')
      expect(Math.abs(Math.log(found.focal / focal))).toBeLessThan(0.15)
      expect(Math.abs(found.yaw - truth.yaw)).toBeLessThan(0.02)
      expect(Math.abs(found.pitch - truth.pitch)).toBeLessThan(0.02)
      expect(Math.abs(found.side / truth.side - 1)).toBeLessThan(0.02)
    },
  )

  it('does not believe a known focal length that the landmarks belie', () => {
    const truth: Truth = { yaw: 0.1, pitch: 0, roll: 0, side: 600, centre: [700, 600] }
    const points = photograph('own', truth, 5)
    // That of the photo before it was cut to a third.
    expect(Math.abs(Math.log(fitPose(points, 'own', (5 / 3) * truth.side).focal / 5))).toBeLessThan(0.2)
  })

  it('stays near the nominal focal length where landmarks tell nothing', () => {
    const truth: Truth = { yaw: 0, pitch: 0, roll: 0, side: 500, centre: [700, 600] }
    const points = photograph('own', truth)
    // Scattered by 40 pixels: a misfit that no focal length explains.
    for (const [i, { landmark }] of TEMPLATE.own.entries()) points[3 * landmark + (i % 2)] += 40 * Math.sin(5 * i)
    expect(Math.abs(Math.log(fitPose(points, 'own').focal / PORTRAIT_FOCAL))).toBeLessThan(0.5)
  })

  it('is not led astray by a few wrong landmarks', () => {
    const truth: Truth = { yaw: 0.2, pitch: 0.05, roll: 0, side: 512, centre: [256, 256] }
    const points = photograph('own', truth)
    for (const landmark of [61, 105, 288]) points[3 * landmark] += 60
    const found = fitPose(points, 'own')
    expect(Math.abs(found.yaw - truth.yaw)).toBeLessThan(0.035)
    expect(found.rms).toBeGreaterThan(10)
  })
})

describe('cameraLabel', () => {
  it('sees the frontal head straight from the front', () => {
    const label = cameraLabel('eg3d', 0, 0)
    const frontal = [
      1,
      0,
      0,
      0,
      0,
      -1,
      0,
      0,
      0,
      0,
      -1,
      2.7,
      0,
      0,
      0,
      1,
      PORTRAIT_FOCAL,
      0,
      0.5,
      0,
      PORTRAIT_FOCAL,
      0.5,
      0,
      0,
      1,
    ]
    for (const [i, value] of frontal.entries()) expect(Math.abs(label[i] - value)).toBeLessThan(Math.sin(0.0035))
    expect([label[3], label[7], label[11]].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([0, 0, 2.7])
  })

  it.each(FRAMES)('is a rotation, stands 2.7 from the origin and projects as the fit does (%s)', (frame) => {
    const [yaw, pitch] = [0.5, -0.2]
    const label = cameraLabel(frame, yaw, pitch)
    const column = (j: number) => [label[j], label[4 + j], label[8 + j]]
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0)
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) expect(dot(column(i), column(j))).toBeCloseTo(i === j ? 1 : 0, 5)
    }
    expect(Math.hypot(...column(3))).toBeCloseTo(2.7, 5)
    for (const focal of [PORTRAIT_FOCAL, 2]) {
      const near = cameraLabel(frame, yaw, pitch, focal)
      const { image } = projectTemplate(frame, yaw, pitch, focal)
      for (const [i, { position }] of TEMPLATE[frame].entries()) {
        const [u, v] = project(near, ...position)
        expect(FIT_SIZE * u).toBeCloseTo(image[2 * i], 2)
        expect(FIT_SIZE * v).toBeCloseTo(image[2 * i + 1], 2)
      }
    }
  })
})
