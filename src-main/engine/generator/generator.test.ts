/** The generator against recorded passes of the reference implementation, on every provider that is here. */
import { afterAll, describe, expect, it, vi } from 'vitest'
import { expectClose, expectRelative, GoldenCase, toRays } from '../../../testing/golden-case.ts'
import { Runtime } from '../runtime/runtime.ts'
import type { Gradients } from './generator.ts'
import { GraphPasses, TILE_SAMPLES } from './graph-passes.ts'
import { castRays } from './rays.ts'
import { coarseDepths } from './sampling.ts'

for (const provider of ['cpu', 'webgpu'] as const) {
  const runtime = await Runtime.create({ provider, allowSoftware: true }).catch((error: Error) => error)
  if (runtime instanceof Error) {
    console.warn(`Skipped: the generator's parity suite on ${provider}. ${runtime.message}`)
    continue
  }
  describe(`on ${provider}`, () => {
    afterAll(() => runtime.dispose())

    // A software adapter takes minutes for what the CPU does in seconds: one generator says whether the provider is right.
    const whole = provider === 'cpu'
    describe.each(whole ? (['tiny8x', 'tiny2x'] as const) : (['tiny8x'] as const))('%s', (name) => {
      const golden = new GoldenCase(name)
      const generator = golden.generator(runtime)

      it.each([0, 1])('paints, renders and enhances as recorded (%i)', async (n) => {
        const ws = golden.at('det/ws', n)
        const label = golden.at('det/c', n)
        const { plane_channels: channels, plane_resolution: size } = golden.config
        const planes = await generator.planes(ws)
        const view = await generator.view(ws, label, { planes })
        const expected = golden.at('det/planes', n)
        for (let plane = 0; plane < 3; plane++) {
          const area = channels * size * size
          const part = toRays(expected.subarray(plane * area, (plane + 1) * area), channels)
          expectClose(planes.data.subarray(plane * area, (plane + 1) * area), part, `plane ${plane}`)
        }
        expectClose(
          view.rendering.features,
          toRays(golden.at('det/feature_image', n), golden.config.decoder_output_dim),
          'features',
        )
        expectClose(view.rendering.depth, golden.at('det/image_depth', n), 'depth')
        expectClose(view.raw, golden.at('det/image_raw', n), 'raw')
        expectClose(view.image, golden.at('det/image', n), 'image')
      })

      it("takes the rendering's own colours past the super-resolution", async () => {
        const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
        const view = await generator.view(ws, label)
        const rendered = golden.at('grads/target_raw', 0)
        const { planes } = await generator.backwardToPlanes(view, { rendered })
        // What a view without super-resolution shows are these colours and nothing else.
        const plain = await generator.view(ws, label, { plain: true })
        const expected = await generator.backwardToPlanes(plain, { image: rendered })
        expectRelative(planes, expected.planes, 'planes')
      })

      it('finds the gradients of ws, camera, planes and every weight', async () => {
        const sum: Record<string, Float32Array> = {}
        for (const n of [0, 1]) {
          const ws = golden.at('det/ws', n)
          const view = await generator.view(ws, golden.at('det/c', n))
          const total = (key: string) => golden.get(key).data.length
          const image = view.image.map(
            (v, i) => (2 * (v - golden.at('grads/target_image', n)[i])) / total('grads/target_image'),
          )
          const raw = view.raw.map((v, i) => (v - golden.at('grads/target_raw', n)[i]) / total('grads/target_raw'))
          const depth = view.rendering.depth.map(() => 0.1 / total('det/image_depth'))
          const gradients: Gradients = await generator.backward(
            view,
            { image, raw, depth },
            { label: true, weights: true },
          )
          expectRelative(
            gradients.ws.map((g, i) => g + (0.02 * ws[i]) / total('det/ws')),
            golden.at('grads/grad.ws', n),
            'ws',
          )
          expectRelative(gradients.label!, golden.at('grads/grad.c', n), 'camera')
          const { plane_channels: channels } = golden.config
          const area = gradients.planes.length / 3
          for (let plane = 0; plane < 3; plane++) {
            const expected = golden.at('grads/grad.planes', n).subarray(plane * area, (plane + 1) * area)
            expectRelative(
              gradients.planes.subarray(plane * area, (plane + 1) * area),
              toRays(expected, channels),
              `plane ${plane}`,
            )
          }
          for (const [key, g] of Object.entries(gradients.weights!)) sum[key] = sum[key]?.map((v, i) => v + g[i]) ?? g
        }
        const recorded = [...golden.group('grads')].filter(([key]) =>
          /^grad\.(backbone|decoder|superresolution)/.test(key),
        )
        expect(recorded.length).toBeGreaterThan(40)
        for (const [key, { data }] of recorded) expectRelative(sum[key.slice('grad.'.length)], data, key)
      })
    })

    it('maps codes, with and without truncation', async () => {
      const golden = new GoldenCase('tiny8x')
      const generator = golden.generator(runtime)
      for (const n of [0, 1]) {
        for (const [psi, key] of [
          [1, 'mapping/ws_psi1'],
          [0.7, 'mapping/ws_psi0.7'],
        ] as const) {
          const w = await generator.map(golden.at('mapping/z', n), golden.at('mapping/c_cond', n), psi)
          expectClose(generator.repeat(w), golden.at(key, n), key, 1e-5)
        }
      }
    })

    it.runIf(whole)(
      'samples with recorded jitter, from boxes, in disparity, coarse only, with noise, at other resolutions',
      async () => {
        const golden = new GoldenCase('tiny8x')
        const cases = [
          ['rand', {}, 16],
          ['disparity_rand', { disparity_space_sampling: true }, 16],
          ['auto_bounds_det', { ray_start: 'auto', ray_end: 'auto' }, 16],
          ['coarse_only_det', { depth_resolution_importance: 0 }, 16],
          ['srnoise_const_det', { superresolution_noise_mode: 'const' }, 16],
          ['nrr12_det', {}, 12],
          ['nrr24_det', {}, 24],
        ] as const
        for (const [name, change, resolution] of cases) {
          const generator = golden.generator(runtime, change)
          for (const n of [0, 1]) {
            const rays = resolution * resolution
            const recorded = golden.has(`${name}/u_coarse`)
            const fine = recorded
              ? golden.get(`${name}/u_fine`).data.subarray(n * rays * 12, (n + 1) * rays * 12)
              : undefined
            const jitter = fine && { coarse: golden.at(`${name}/u_coarse`, n), fine }
            const view = await generator.view(golden.at(`${name}/ws`, n), golden.at(`${name}/c`, n), {
              resolution,
              jitter,
            })
            expectClose(view.rendering.depth, golden.at(`${name}/image_depth`, n), `${name} depth`)
            expectClose(view.image, golden.at(`${name}/image`, n), `${name} image`)
          }
        }
      },
    )

    it.runIf(whole)(
      'resizes where the super-resolution takes another size, and then leaves the raw picture alone',
      async () => {
        const golden = new GoldenCase('tiny2x')
        const view = await golden
          .generator(runtime)
          .view(golden.at('nrr12_det/ws', 0), golden.at('nrr12_det/c', 0), { resolution: 12 })
        expectClose(view.image, golden.at('nrr12_det/image', 0), 'image')
        expectClose(view.raw, toChannels(view.rendering.features, 8).subarray(0, 3 * 144), 'raw')
      },
    )

    it.runIf(whole)('renders chosen pixels into a picture that is empty elsewhere, and back', async () => {
      const golden = new GoldenCase('tiny8x')
      const generator = golden.generator(runtime)
      const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
      // Enough rows and columns that rays are taken in blocks.
      const resolution = 48
      const count = resolution * resolution
      const pixels = Uint32Array.from({ length: 700 }, (_, i) => i * 3 + 7)
      const some = await generator.view(ws, label, { resolution, pixels, plain: true })
      const all = await generator.view(ws, label, { resolution, plain: true })
      const chosen = all.image.map((_, i) => (pixels.includes(i % count) ? 1 : 0))
      expectClose(
        some.image,
        all.image.map((value, i) => (chosen[i] ? value : 1)),
        'image',
      )
      const image = all.image.map((value, i) => chosen[i] * value)
      const [partial, full] = [await generator.backward(some, { image }), await generator.backward(all, { image })]
      expectRelative(partial.ws, full.ws, 'ws')
    })

    it('answers density and colour at points', async () => {
      const golden = new GoldenCase('tiny8x')
      const generator = golden.generator(runtime)
      const planes = await generator.planes(golden.get('density/ws').data)
      const query = (points: string, what: 'sigma' | 'colour') =>
        generator.renderer.query(generator.weights, planes, golden.get(points).data, what)
      expectClose(await query('density/coords_exact', 'sigma'), golden.get('density/sigma_exact').data, 'sigma', 1e-3)
      expectClose(await query('density/samples_ref', 'sigma'), golden.get('density/sigma_flat').data, 'sigma', 1e-3)
      expectClose(await query('density/samples_ref', 'colour'), golden.get('density/rgb_flat').data, 'colour')
    })

    it.runIf(whole)('gives the same picture whatever the tiles, and for chosen pixels', async () => {
      const golden = new GoldenCase('tiny8x')
      const generator = golden.generator(runtime)
      const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
      const options = { resolution: 96, coarse: 24, fine: 24 }
      const planes = await generator.planes(ws)
      const whole = await generator.renderer.render(generator.weights, planes, label, options)
      expect(whole.depth.length * 48).toBeGreaterThan(3 * TILE_SAMPLES)
      const pixels = Uint32Array.from({ length: 500 }, (_, i) => (i * 7919) % (96 * 96))
      const some = await generator.renderer.render(generator.weights, planes, label, { ...options, pixels })
      pixels.forEach((pixel, i) => {
        expect(some.depth[i]).toBeCloseTo(whole.depth[pixel], 4)
        expect(some.features[i * 8]).toBeCloseTo(whole.features[pixel * 8], 4)
      })
    })

    it.runIf(whole)(
      'shows depth and opacity alone where no colours are asked for, and goes back from them',
      async () => {
        const golden = new GoldenCase('tiny8x')
        const generator = golden.generator(runtime)
        const { renderer, weights } = generator
        const planes = await generator.planes(golden.at('det/ws', 0))
        const label = golden.at('det/c', 0)
        const shown = await renderer.render(weights, planes, label)
        const bare = await renderer.render(weights, planes, label, { wanted: 'shape' })
        expect(bare.depth).toEqual(shown.depth)
        expect(bare.opacity).toEqual(shown.opacity)
        expect(new Set(bare.features)).toEqual(new Set([generator.config.rendering_kwargs.white_back ? 1 : -1]))
        const opacity = shown.opacity.map((value) => value - 0.3)
        const found = await renderer.backward(weights, bare.tape, { opacity })
        expectRelative(found.planes, (await renderer.backward(weights, shown.tape, { opacity })).planes, 'planes')
      },
    )

    it.runIf(whole)('shares few models among all numbers of rays', async () => {
      const golden = new GoldenCase('tiny8x')
      const generator = golden.generator(runtime)
      const { weights, config } = generator
      const planes = await generator.planes(golden.at('det/ws', 0))
      const passes = new GraphPasses(runtime, config, golden.weights)
      const compile = vi.spyOn(runtime, 'compile')
      for (let n = 0; n < 30; n++) {
        const pixels = Uint32Array.from({ length: 60 + 37 * n }, (_, i) => i)
        const rays = castRays(golden.at('det/c', 0), 48, pixels)
        const coarse = coarseDepths(config.rendering_kwargs, rays, 24)
        await passes.march(weights, planes, { rays, coarse, samples: 24, fine: 24, farthest: 4, channels: 3 })
      }
      // Eight sizes, each for the shares of light and for the march.
      expect(compile.mock.calls.length).toBeLessThanOrEqual(16)
      compile.mockRestore()
    })
  })
}

function toChannels(rays: Float32Array, channels: number): Float32Array {
  const count = rays.length / channels
  return Float32Array.from({ length: rays.length }, (_, i) => rays[(i % count) * channels + Math.floor(i / count)])
}
