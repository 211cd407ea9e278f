/** The head as a mesh: in its colours, as clay, as wire, or in the colours of its evidence. */
import { useEffect, useMemo } from 'react'
import { BufferAttribute, BufferGeometry, DataTexture, LinearFilter, RGBAFormat } from 'three'
import type { SurfaceData, SurfaceStyle } from '../state/store.ts'
import { evidenceColours, light } from './evidence.ts'

type Shade = (x: number, y: number, z: number) => readonly [number, number, number]

export function SurfaceMesh({ surface, style }: { surface: SurfaceData; style: SurfaceStyle }) {
  const showsEvidence = style === 'evidence' && surface.evidence !== undefined
  const geometry = useMemo(() => {
    const colours = showsEvidence && surface.evidence ? evidenceColours(surface.evidence) : surface.colours
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(surface.positions, 3))
    geometry.setAttribute('normal', new BufferAttribute(surface.normals, 3))
    geometry.setAttribute('color', new BufferAttribute(colours, 3, true))
    geometry.setIndex(new BufferAttribute(surface.triangles, 1))
    return geometry
  }, [surface, showsEvidence])
  useEffect(() => () => geometry.dispose(), [geometry])
  const sphere = useMemo(() => sphereTexture(showsEvidence ? lamp : clay), [showsEvidence])
  useEffect(() => () => sphere.dispose(), [sphere])
  return (
    <>
      {style === 'wire' && (
        // Not seen itself, but hides the wires of the far side.
        <mesh geometry={geometry} renderOrder={-1}>
          <meshBasicMaterial colorWrite={false} polygonOffset polygonOffsetFactor={1} polygonOffsetUnits={1} />
        </mesh>
      )}
      {/* A material is compiled for what it shows: another style is another one. */}
      <mesh geometry={geometry} key={style}>
        {style === 'colour' && <meshBasicMaterial vertexColors toneMapped={false} />}
        {style !== 'colour' && (
          <meshMatcapMaterial
            matcap={sphere}
            vertexColors={showsEvidence}
            wireframe={style === 'wire'}
            toneMapped={false}
          />
        )}
      </mesh>
    </>
  )
}

/** A soft key light from the upper left, a cool fill, a rim. */
const clay: Shade = (x, y, z) => {
  // Wrapped round the sphere: no side falls into the dark.
  const key = (1 - 0.42 * x + 0.5 * y + 0.75 * z) / 2
  const fill = Math.max(0, 0.6 * x - 0.2 * y + 0.5 * z)
  const rim = 0.12 * (1 - z) ** 4
  return [
    0.16 + 0.66 * key + 0.05 * fill + rim,
    0.14 + 0.61 * key + 0.06 * fill + rim,
    0.13 + 0.55 * key + 0.08 * fill + rim,
  ]
}

/** White light beside the camera: it leaves colours what they are. */
const lamp: Shade = (_, __, z) => [light(z), light(z), light(z)]

const SIDE = 128

/** A lit sphere, for what faces each way. */
function sphereTexture(shade: Shade): DataTexture {
  const pixels = new Uint8Array(4 * SIDE * SIDE)
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const x = ((column + 0.5) / SIDE) * 2 - 1
      const y = ((row + 0.5) / SIDE) * 2 - 1
      const z = Math.sqrt(Math.max(0, 1 - x * x - y * y))
      const at = 4 * (row * SIDE + column)
      shade(x, y, z).forEach((value, channel) => {
        pixels[at + channel] = Math.min(255, 255 * value)
      })
      pixels[at + 3] = 255
    }
  }
  const texture = new DataTexture(pixels, SIDE, SIDE, RGBAFormat)
  texture.magFilter = LinearFilter
  texture.minFilter = LinearFilter
  texture.needsUpdate = true
  return texture
}
