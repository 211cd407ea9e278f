/**
 * Hollow bodies that leave the box. A field trained on pictures is dense near surfaces and may be empty behind them;
 * cut by the box, such a body would be a bowl with an inner wall. Here its cross-sections are filled before the
 * surface is looked for, which closes the hollow, and a closed hollow is dropped later.
 */
import { BRICK, type Lattice } from './lattice.ts'

/**
 * Takes for inside what lies within a body on the outermost layer of samples that are in the world: of its empty
 * regions, which the six faces of that layer share, the largest is the space around; the others are filled.
 */
export async function fillHollows(lattice: Lattice, level: number): Promise<void> {
  const last = lattice.resolution - 2
  const faces = [0, 1, 2].flatMap((axis) => [1, last].map((layer) => ({ axis, layer })))
  const eachOn = (axis: number, layer: number, step: number, visit: (i: number, j: number, k: number) => void) => {
    for (let a = 1; a <= last; a += step) {
      for (let b = 1; b <= last; b += step) {
        if (axis === 0) visit(layer, a, b)
        else if (axis === 1) visit(a, layer, b)
        else visit(a, b, layer)
      }
    }
  }

  // Most faces meet nothing: a few samples tell.
  for (const { axis, layer } of faces) eachOn(axis, layer, BRICK, (i, j, k) => lattice.want(i, j, k))
  await lattice.fetch()
  const cut = faces.filter(({ axis, layer }) => {
    let isCut = false
    eachOn(axis, layer, BRICK, (i, j, k) => {
      isCut ||= lattice.get(i, j, k) > level
    })
    return isCut
  })
  if (cut.length === 0) return
  for (const { axis, layer } of cut) eachOn(axis, layer, 1, (i, j, k) => lattice.want(i, j, k))
  await lattice.fetch()

  const { resolution } = lattice
  const steps = [1, resolution, resolution ** 2]
  /** Of each sample of the cube: whether it is an empty one of the faces that no region has yet. */
  const isEmpty = new Uint8Array(resolution ** 3)
  for (const { axis, layer } of faces) {
    eachOn(axis, layer, 1, (i, j, k) => {
      const isKnown = cut.some((face) => (face.axis === 0 ? i : face.axis === 1 ? j : k) === face.layer)
      if (!isKnown || lattice.get(i, j, k) <= level) isEmpty[(k * resolution + j) * resolution + i] = 1
    })
  }
  const regions: number[][] = []
  for (let first = isEmpty.indexOf(1); first >= 0; first = isEmpty.indexOf(1, first)) {
    const region = [first]
    isEmpty[first] = 0
    for (const sample of region) {
      for (const step of steps) {
        for (const next of [sample - step, sample + step]) {
          if (!isEmpty[next]) continue
          isEmpty[next] = 0
          region.push(next)
        }
      }
    }
    regions.push(region)
  }
  const around = regions.reduce((most, region) => (region.length > most.length ? region : most), [])
  for (const region of regions) {
    if (region === around) continue
    for (const sample of region) {
      const [i, j] = [sample % resolution, Math.floor(sample / resolution) % resolution]
      lattice.set(i, j, Math.floor(sample / resolution ** 2), level + 1)
    }
  }
}
