/** The head as a mesh: in its colours, as clay, as wire, or in the colours of its evidence. */
import { useThree } from '@react-three/fiber'
import { useEffect, useMemo } from 'react'
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DataTexture,
  LinearFilter,
  LinearMipmapLinearFilter,
  LinearSRGBColorSpace,
  type PerspectiveCamera,
  RGBAFormat,
  type Scene,
  Texture,
  WebGLRenderer,
} from 'three'
import type { SurfaceData, SurfaceStyle } from '../state/store.ts'
import { evidenceColours, light as lightOf } from './evidence.ts'
import type { Light } from './look.ts'

type Shade = (x: number, y: number, z: number) => readonly [number, number, number]

/** Draws the surface that is on the stage again: square, as large as it is wanted, from any camera. */
export interface SurfacePen {
  draw(camera: PerspectiveCamera, size: number): OffscreenCanvas
  close(): void
}

/** Gives one while the stage shows a surface. */
export const surfacePen: { current: (() => SurfacePen) | undefined } = { current: undefined }

interface SurfaceMeshProps {
  surface: SurfaceData
  style: SurfaceStyle
  light: Light
  /** What the light is multiplied with. */
  exposure: number
}

/** Key from the upper left, fill from the right, rim from behind; and what the surroundings throw back. */
const LIGHTING: Readonly<Record<Exclude<Light, 'even'>, { key: number; fill: number; rim: number; around: number }>> = {
  studio: { key: 1.2, fill: 0.8, rim: 0.7, around: 2.2 },
  side: { key: 2.6, fill: 0.6, rim: 1, around: 1.3 },
}
const KEY = { studio: [-1.5, 2, 2.5], side: [-3, 0.8, 0.6] } as const

export function SurfaceMesh({ surface, style, light, exposure }: SurfaceMeshProps) {
  const showsEvidence = style === 'evidence' && surface.evidence !== undefined
  const geometry = useMemo(() => geometryOf(surface, showsEvidence), [surface, showsEvidence])
  useEffect(() => () => geometry.dispose(), [geometry])
  const sphere = useMemo(() => sphereTexture(showsEvidence ? lamp : clay), [showsEvidence])
  useEffect(() => () => sphere.dispose(), [sphere])
  const { texture } = surface
  const maps = useMemo(
    () => (texture ? { map: pictureTexture(texture.colours), normalMap: pictureTexture(texture.normals) } : undefined),
    [texture],
  )
  useEffect(
    () => () => {
      maps?.map.dispose()
      maps?.normalMap.dispose()
    },
    [maps],
  )
  const bright = useMemo(() => new Color(exposure, exposure, exposure), [exposure])
  const { scene } = useThree()
  useEffect(() => {
    surfacePen.current = () => penFor(scene)
    return () => {
      surfacePen.current = undefined
    }
  }, [scene])
  const coloured = { ...(maps ? { map: maps.map } : { vertexColors: true }), color: bright, toneMapped: false }
  return (
    <>
      {style === 'colour' && light !== 'even' && <Lights light={light} />}
      {style === 'wire' && (
        // Not seen itself, but hides the wires of the far side.
        <mesh geometry={geometry} renderOrder={-1}>
          <meshBasicMaterial colorWrite={false} polygonOffset polygonOffsetFactor={1} polygonOffsetUnits={1} />
        </mesh>
      )}
      {/* A material is compiled for what it shows: another style is another one. */}
      <mesh geometry={geometry} key={`${style}/${light === 'even'}/${maps !== undefined}`}>
        {style === 'colour' && light === 'even' && <meshBasicMaterial {...coloured} />}
        {style === 'colour' && light !== 'even' && <meshLambertMaterial {...coloured} normalMap={maps?.normalMap} />}
        {style !== 'colour' && (
          <meshMatcapMaterial
            matcap={sphere}
            vertexColors={showsEvidence}
            wireframe={style === 'wire'}
            normalMap={style === 'clay' ? maps?.normalMap : undefined}
            color={bright}
            toneMapped={false}
          />
        )}
      </mesh>
    </>
  )
}

/** Where there is a texture, one vertex for each place in it, as a saved model has. */
function geometryOf({ texture, triangles, ...surface }: SurfaceData, showsEvidence: boolean): BufferGeometry {
  const geometry = new BufferGeometry()
  const colours = showsEvidence && surface.evidence ? evidenceColours(surface.evidence) : surface.colours
  const set = (name: string, values: Float32Array | Uint8Array, width: number) =>
    geometry.setAttribute(name, new BufferAttribute(values, width, values instanceof Uint8Array))
  if (!texture) {
    set('position', surface.positions, 3)
    set('normal', surface.normals, 3)
    set('color', colours, 3)
    geometry.setIndex(new BufferAttribute(triangles, 1))
    return geometry
  }
  const { corners, uvs, tangents } = texture
  const vertexOf = new Uint32Array(uvs.length / 2)
  corners.forEach((entry, corner) => {
    vertexOf[entry] = triangles[corner]
  })
  const spread = <T extends Float32Array | Uint8Array>(values: T, into: T): T => {
    vertexOf.forEach((vertex, entry) => {
      for (let k = 0; k < 3; k++) into[3 * entry + k] = values[3 * vertex + k]
    })
    return into
  }
  const length = 3 * vertexOf.length
  set('position', spread(surface.positions, new Float32Array(length)), 3)
  set('normal', spread(surface.normals, new Float32Array(length)), 3)
  set('color', spread(colours, new Uint8Array(length)), 3)
  set('uv', uvs, 2)
  set('tangent', tangents, 4)
  geometry.setIndex(new BufferAttribute(corners, 1))
  return geometry
}

/** @param picture rows from the bottom */
function pictureTexture(picture: ImageBitmap): Texture {
  const texture = new Texture(picture)
  texture.flipY = false
  texture.minFilter = LinearMipmapLinearFilter
  texture.anisotropy = 4
  texture.needsUpdate = true
  return texture
}

function Lights({ light }: { light: Exclude<Light, 'even'> }) {
  const { key, fill, rim, around } = LIGHTING[light]
  return (
    <>
      <hemisphereLight args={['#fff6ea', '#c9cdd8', around]} />
      <directionalLight position={KEY[light]} intensity={key} />
      <directionalLight position={[2.5, 0.3, 1.5]} intensity={fill} color="#e6ecff" />
      <directionalLight position={[1, 1.5, -3]} intensity={rim} />
    </>
  )
}

/** With a renderer of its own: that of the stage keeps its size. */
function penFor(scene: Scene): SurfacePen {
  const canvas = new OffscreenCanvas(1, 1)
  const renderer = new WebGLRenderer({ canvas, alpha: true, antialias: true, preserveDrawingBuffer: true })
  renderer.outputColorSpace = LinearSRGBColorSpace
  return {
    draw(camera, size) {
      const square = camera.clone()
      square.aspect = 1
      square.updateProjectionMatrix()
      renderer.setSize(size, size, false)
      renderer.render(scene, square)
      const copy = new OffscreenCanvas(size, size)
      copy.getContext('2d')!.drawImage(canvas, 0, 0)
      return copy
    },
    close() {
      renderer.dispose()
      renderer.forceContextLoss()
    },
  }
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
const lamp: Shade = (_, __, z) => [lightOf(z), lightOf(z), lightOf(z)]

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
