/**
 * The formats a head is saved in. The API, the command line and the window all read this table: a new format is a file
 * beside this one and a line here. Its writer is loaded when it is asked for, and with it the libraries that it needs.
 */
import type { FileOption } from './options.ts'
import type { Writer } from './writer.ts'

interface Format {
  /** What people call it. */
  readonly label: string
  /** Extensions of its files, the one that a program is given first; an OBJ has companions. */
  readonly extensions: readonly [string, ...string[]]
  /** What may be chosen of it. */
  readonly options: readonly FileOption[]
  load(): Promise<Writer>
}

const PICTURE = ['textureSize'] as const
const PRINT = ['height', 'base', 'hollow', 'wall'] as const

export const formats = {
  glb: {
    label: 'GLB',
    extensions: ['glb'],
    options: [...PICTURE, 'textureFormat', 'compression', 'vertexColours', 'evidenceTexture', 'author'],
    load: async () => (await import('./glb.ts')).writeGlb,
  },
  obj: {
    label: 'OBJ',
    extensions: ['obj', 'mtl', 'png'],
    options: PICTURE,
    load: async () => (await import('./obj.ts')).writeObj,
  },
  usdz: {
    label: 'USDZ',
    extensions: ['usdz'],
    options: [...PICTURE, 'author'],
    load: async () => (await import('./usdz.ts')).writeUsdz,
  },
  ply: { label: 'PLY', extensions: ['ply'], options: [], load: async () => (await import('./ply.ts')).writePly },
  stl: { label: 'STL', extensions: ['stl'], options: PRINT, load: async () => (await import('./stl.ts')).writeStl },
  '3mf': {
    label: '3MF',
    extensions: ['3mf'],
    options: [...PRINT, 'author'],
    load: async () => (await import('./3mf.ts')).write3mf,
  },
} as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats
export const formatNames = Object.keys(formats) as [FormatName, ...FormatName[]]

/** Extensions of all files that any format has. */
export const formatExtensions: readonly string[] = Object.values(formats).flatMap(({ extensions }) => extensions)
