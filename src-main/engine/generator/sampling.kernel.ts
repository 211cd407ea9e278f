// @ts-nocheck: this is AssemblyScript, a part of `render.kernel.ts`.
/** Importance sampling along one ray: to the last bit what sampling.ts says of it (docs/eg3d.md, Sampling). */

/** Bytes of scratch that a ray takes. @param samples coarse ones */
export function drawScratch(samples: i32): usize {
  return (<usize>samples) << 3
}

/**
 * Draws depths where the coarse samples met something.
 * @param depths [samples] coarse, ascending
 * @param weights [samples - 1]
 * @param jitter [count]; 0: equal steps
 * @param result [count], ascending
 */
export function draw(
  depths: usize,
  weights: usize,
  samples: i32,
  count: i32,
  jitter: usize,
  scratch: usize,
  result: usize,
): void {
  const intervals = samples - 1
  const bins = intervals - 2
  const peaks = scratch
  const cdf = scratch + ((<usize>samples) << 2)
  for (let i = 0; i < samples; i++) {
    const before: f32 = i > 0 ? load<f32>(weights + ((<usize>(i - 1)) << 2)) : -Infinity
    const after: f32 = i < intervals ? load<f32>(weights + ((<usize>i) << 2)) : -Infinity
    store<f32>(peaks + ((<usize>i) << 2), max(before, after))
  }
  let sum: f64 = 0
  for (let i = 0; i < bins; i++) sum += smoothed(peaks, i)
  store<f32>(cdf, 0)
  for (let i = 0; i < bins; i++) {
    const at = cdf + ((<usize>i) << 2)
    store<f32>(at, <f32>(<f64>load<f32>(at) + smoothed(peaks, i) / sum), 4)
  }
  for (let k = 0; k < count; k++) {
    const equal: f64 = count === 1 ? 0 : <f64>k / <f64>(count - 1)
    const u = jitter === 0 ? equal : <f64>load<f32>(jitter + ((<usize>k) << 2))
    let index = 0
    while (index <= bins && <f64>load<f32>(cdf + ((<usize>index) << 2)) <= u) index++
    const low = max(index - 1, 0)
    const high = min(index, bins)
    const start = <f64>load<f32>(cdf + ((<usize>low) << 2))
    const width = <f64>load<f32>(cdf + ((<usize>high) << 2)) - start
    const share = (u - start) / (width < 1e-5 ? 1 : width)
    const near = middle(depths, low)
    const depth = <f32>(near + share * (middle(depths, high) - near))
    // To its place among those before it.
    let at = result + ((<usize>k) << 2)
    for (; at > result && load<f32>(at - 4) > depth; at -= 4) store<f32>(at, load<f32>(at - 4))
    store<f32>(at, depth)
  }
}

/** The mean of two neighbouring peaks, and a little. */
function smoothed(peaks: usize, i: i32): f64 {
  const at = peaks + ((<usize>i) << 2)
  return (<f64>load<f32>(at, 4) + <f64>load<f32>(at, 8)) / 2 + 0.01 + 1e-5
}

function middle(depths: usize, i: i32): f64 {
  const at = depths + ((<usize>i) << 2)
  return (<f64>load<f32>(at) + <f64>load<f32>(at, 4)) / 2
}

/**
 * Coarse and fine samples of a ray in one list, ascending, with their densities and features.
 * @param coarseDensities, fineDensities rows of four numbers
 * @param width bytes of a sample's features
 */
export function merge(
  coarse: usize,
  samples: i32,
  coarseDensities: usize,
  coarseFeatures: usize,
  fine: usize,
  count: i32,
  fineDensities: usize,
  fineFeatures: usize,
  width: usize,
  depths: usize,
  densities: usize,
  features: usize,
): void {
  const endCoarse = coarse + ((<usize>samples) << 2)
  const endFine = fine + ((<usize>count) << 2)
  for (let i = 0; i < samples + count; i++, depths += 4, densities += 4, features += width) {
    const isCoarse = fine === endFine || (coarse < endCoarse && load<f32>(coarse) <= load<f32>(fine))
    if (isCoarse) {
      store<f32>(depths, load<f32>(coarse))
      store<f32>(densities, load<f32>(coarseDensities))
      memory.copy(features, coarseFeatures, width)
      coarse += 4
      coarseDensities += 16
      coarseFeatures += width
    } else {
      store<f32>(depths, load<f32>(fine))
      store<f32>(densities, load<f32>(fineDensities))
      memory.copy(features, fineFeatures, width)
      fine += 4
      fineDensities += 16
      fineFeatures += width
    }
  }
}
