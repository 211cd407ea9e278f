/**
 * The formats a head is saved in. The API, the command line and the window all read this table: a new format is a file
 * beside this one and a line here. Its writer is loaded when it is asked for, and with it the libraries that it needs.
 */
import type { Surface } from '../mesh.ts'
import type { Texture } from '../texture/texture.ts'
import type { Provenance } from './provenance.ts'

/** What there is to write. */
export interface Asset {
  readonly surface: Surface
  readonly provenance: Provenance
  /** Painted when it is first asked for. */
  texture(): Promise<Texture>
}

/**
 * @param name of all files, without extension; a portable one, see `portableName`
 * @returns extension and bytes of each of the format's files
 */
export type Writer = (model: Asset, name: string) => Promise<readonly WrittenFile[]>
export type WrittenFile = readonly [extension: string, bytes: Uint8Array]

interface Format {
  /** What people call it. */
  readonly label: string
  /** Extensions of its files, the one that a program is given first; an OBJ has companions. */
  readonly extensions: readonly [string, ...string[]]
  load(): Promise<Writer>
}

export const formats = {
  glb: { label: 'GLB', extensions: ['glb'], load: async () => (await import('./glb.ts')).writeGlb },
  obj: { label: 'OBJ', extensions: ['obj', 'mtl', 'png'], load: async () => (await import('./obj.ts')).writeObj },
  ply: { label: 'PLY', extensions: ['ply'], load: async () => (await import('./ply.ts')).writePly },
  stl: { label: 'STL', extensions: ['stl'], load: async () => (await import('./stl.ts')).writeStl },
} as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats
export const formatNames = Object.keys(formats) as [FormatName, ...FormatName[]]

/** Extensions of all files that any format has. */
export const formatExtensions: readonly string[] = Object.values(formats).flatMap(({ extensions }) => extensions)
