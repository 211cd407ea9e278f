/** What made a file: written into every export, because a head from one photo is half evidence and half invention. */

export interface Provenance {
  /** Always true: no exported head is a scan. */
  generated: true
  generatorName: string
  /** Digest of the generator's weights. */
  generatorHash: string
  /** The numbers and choices needed to make it again. */
  settings: Record<string, string | number | boolean>
  /** What was changed of the head as it was formed: how far along which traits. */
  edit?: Readonly<Record<string, number>>
  /** What was found of a finished head, as it was formed, where it has a photo. */
  quality?: object
}

/** One line for a file's header comment; JSON, so that nothing in a name can end the line. */
export function provenanceLine(provenance: Provenance): string {
  return `Halfturn: generated, not scanned. ${JSON.stringify(provenance)}`
}
