/** The photos of a project: the face that is meant in each, its portrait, and what was put right by hand. */
import { type Message, messageOf, UserError } from '../engine/errors.ts'
import { frontalFirst } from '../engine/face/frontal-first.ts'
import { adjustPortrait, makePortrait, type Portrait } from '../engine/face/portrait.ts'
import type { PosedPortrait } from '../engine/face/posed-portrait.ts'
import type { Photo } from '../engine/images/photo.ts'
import { jpeg } from '../engine/images/pictures.ts'
import type { RgbImage } from '../engine/images/rgb-image.ts'
import { MOST_BYTES } from '../engine/images/signature.ts'
import { LIMITS } from '../engine/limits.ts'
import { strangerWarning } from '../engine/quality/identity.ts'
import type { BlobId, PhotoState, PortraitState, PoseCorrection } from './api.ts'
import type { ProjectHost } from './project-host.ts'
import { type PhotoPart, type ProjectRecord, photoParts } from './project-record.ts'

const NO_CORRECTION: PoseCorrection = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const SHOWN_PHOTO = 1600
const THUMBNAIL = 192

type Frame = Portrait['frame']

export interface NamedPhoto {
  readonly name: string
  readonly bytes: Uint8Array
}

interface ProjectPhoto extends NamedPhoto {
  readonly pixels: Photo
  /** Where its pictures are put. */
  readonly slot: string
  /** As found, and as corrected by hand. */
  readonly found: Portrait
  readonly portrait: Portrait
  readonly correction: PoseCorrection
}

/** Of pictures, over all photos: each has a place of its own. */
let slots = 0

export class ProjectPhotos {
  private readonly host: ProjectHost
  private readonly id: string
  private list: readonly ProjectPhoto[] = []
  /** Pictures for the window, and who a face is: what has not changed is not made again. */
  private readonly pictures = new WeakMap<Photo | Portrait, BlobId>()
  private readonly descriptors = new WeakMap<Portrait, Float32Array>()
  private small: { of: Portrait; bytes: Uint8Array } | undefined

  constructor(host: ProjectHost, id: string) {
    this.host = host
    this.id = id
  }

  get count(): number {
    return this.list.length
  }

  /** @throws UserError where it cannot be used, or there are too many; then all stays as it was */
  async add({ name, bytes }: NamedPhoto, frame: Frame, face = 0): Promise<void> {
    const { most } = LIMITS.photos
    if (this.count >= most) throw new UserError('photos-too-many', { most })
    const total = this.list.reduce((sum, photo) => sum + photo.bytes.length, bytes.length)
    // More than a `.halfturn` file holds.
    if (total > MOST_BYTES) throw new UserError('photos-too-large', { most: MOST_BYTES / 2 ** 20 })
    const pixels = await this.host.decode(bytes)
    const found = await this.find(pixels, frame, face)
    const slot = `${this.id}/photo-${++slots}/`
    this.list = [...this.list, { name, bytes, pixels, slot, found, portrait: found, correction: NO_CORRECTION }]
  }

  /** Several at once. @throws UserError that says which of them cannot be used */
  async addAll(photos: readonly NamedPhoto[], frame: Frame): Promise<void> {
    for (const photo of photos) {
      await this.add(photo, frame).catch((cause) => {
        if (photos.length === 1 || !(cause instanceof UserError)) throw cause
        const what = messageOf(cause)
        throw new UserError('photo-refused', { photo: photo.name, what, cure: what }, { cause })
      })
    }
  }

  /** Those of a saved project, as they were corrected. What has no bytes is left out. */
  async restore(saved: ProjectRecord['photos'], parts: { [P in PhotoPart]?: Uint8Array }, frame: Frame): Promise<void> {
    for (const [i, { name, face, correction }] of saved.entries()) {
      const bytes = parts[photoParts[i]]
      if (!bytes) continue
      await this.add({ name, bytes }, frame, face)
      this.correct(this.count - 1, correction)
    }
  }

  /** @throws UserError where it is the last one */
  remove(index: number): void {
    const { slot } = this.at(index)
    if (this.count === 1) throw new UserError('photo-last')
    this.list = this.list.toSpliced(index, 1)
    this.host.blobs.dropSlots(slot)
  }

  /** @param face of those on the photo, from 0 */
  async chooseFace(index: number, face: number): Promise<void> {
    const photo = this.at(index)
    const found = await this.find(photo.pixels, photo.found.frame, face)
    this.put(index, { ...photo, found, portrait: found, correction: NO_CORRECTION })
  }

  /** @param correction counts from the automatic pose */
  correct(index: number, correction: PoseCorrection): void {
    const photo = this.at(index)
    this.put(index, { ...photo, portrait: adjustPortrait(photo.pixels, photo.found, correction), correction })
  }

  /** The photos for a generator of another frame; where it is the same, as they are. */
  async inFrame(frame: Frame): Promise<readonly ProjectPhoto[]> {
    return Promise.all(
      this.list.map(async (photo) => {
        if (photo.portrait.frame === frame) return photo
        const found = await this.find(photo.pixels, frame, photo.portrait.face)
        return { ...photo, found, portrait: found, correction: NO_CORRECTION }
      }),
    )
  }

  /** @param photos of {@link inFrame} */
  become(photos: readonly ProjectPhoto[]): void {
    this.list = photos
  }

  /** What an inversion takes. Call it in a turn. */
  async posed(photos = this.list): Promise<PosedPortrait[]> {
    const posed: PosedPortrait[] = []
    for (const { portrait } of frontalFirst(photos, yawOf)) {
      posed.push({ portrait: await this.host.target(portrait), label: portrait.camera })
    }
    return posed
  }

  async describe(): Promise<PhotoState[]> {
    return Promise.all(
      this.list.map(async (photo) => ({
        ...{ name: photo.name, width: photo.pixels.width, height: photo.pixels.height, faces: photo.found.faces },
        picture: await this.picture(photo.pixels, photo.pixels, `${photo.slot}photo`, SHOWN_PHOTO),
        portrait: await this.portraitOf(photo),
      })),
    )
  }

  describePortrait(index: number): Promise<PortraitState> {
    return this.portraitOf(this.at(index))
  }

  /** As the record has them, and their bytes. */
  get record(): ProjectRecord['photos'] {
    return this.list.map(({ name, portrait: { face }, correction }) => ({ name, face, correction }))
  }

  get parts(): { [P in PhotoPart]?: Uint8Array } {
    return Object.fromEntries(this.list.map(({ bytes }, i) => [photoParts[i], bytes]))
  }

  /** The first one's face; nothing where there is no photo. */
  async thumbnail(): Promise<Uint8Array | undefined> {
    const portrait = this.list.at(0)?.portrait
    if (!portrait) return undefined
    if (this.small?.of !== portrait)
      this.small = { of: portrait, bytes: await jpeg(cropOf(portrait), { longestSide: THUMBNAIL }) }
    return this.small.bytes
  }

  private at(index: number): ProjectPhoto {
    const photo = this.list[index]
    if (photo) return photo
    throw new UserError(this.count === 0 ? 'no-photo' : 'no-such-photo')
  }

  private put(index: number, photo: ProjectPhoto): void {
    this.list = this.list.with(index, photo)
  }

  private async find(pixels: Photo, frame: Frame, face: number): Promise<Portrait> {
    const landmarker = await this.host.landmarker()
    return makePortrait(pixels, { frame, landmarker, ...(face > 0 && { face: face + 1 }) })
  }

  private async portraitOf(photo: ProjectPhoto): Promise<PortraitState> {
    const { portrait, correction, slot } = photo
    const { face, pose, camera, warnings } = portrait
    const { centre, side, roll, yaw, pitch } = pose
    const stranger = await this.strangerWarning(photo)
    return {
      ...{ face, centre, side, roll, yaw, pitch, correction },
      camera: [...camera],
      // That there are several is plain to see: they are outlined.
      warnings: [...warnings.filter(({ code }) => code !== 'several-faces'), ...(stranger ? [stranger] : [])],
      crop: await this.picture(portrait, cropOf(portrait), `${slot}crop`),
    }
  }

  /** Whether it seems to show somebody else than the photo that an inversion begins with. */
  private async strangerWarning(photo: ProjectPhoto): Promise<Message | undefined> {
    const [first] = frontalFirst(this.list, yawOf)
    if (photo === first) return undefined
    const described = async ({ name, found }: ProjectPhoto) => ({ name, descriptor: await this.descriptor(found) })
    return strangerWarning(await described(photo), await described(first))
  }

  /** Of a face as found: to put its pose right makes nobody another person. */
  private async descriptor(found: Portrait): Promise<Float32Array> {
    const known = this.descriptors.get(found)
    if (known) return known
    const made = await this.host.turn(async () => (await this.host.identity())(found.crop))
    this.descriptors.set(found, made)
    return made
  }

  private async picture(of: Photo | Portrait, image: RgbImage, slot: string, longestSide?: number): Promise<BlobId> {
    const known = this.pictures.get(of)
    if (known) return known
    const made = this.host.blobs.put(await jpeg(image, { longestSide }), slot)
    this.pictures.set(of, made)
    return made
  }
}

const yawOf = ({ portrait }: ProjectPhoto) => portrait.pose.yaw
const cropOf = ({ crop: { rgb, size } }: Portrait): RgbImage => ({ rgb, width: size, height: size })
