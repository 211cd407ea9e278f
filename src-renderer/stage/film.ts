/** Films, encoded by the browser itself (WebCodecs). */
import { Muxer as Mp4Muxer, ArrayBufferTarget as Mp4Target } from 'mp4-muxer'
import { Muxer as WebmMuxer, ArrayBufferTarget as WebmTarget } from 'webm-muxer'

/** H.264 in its constrained baseline profile plays everywhere; its level 3.1 goes up to 1280 x 720. */
const CODECS = { webm: 'vp8', mp4: 'avc1.42e01f' } as const
export type FilmKind = keyof typeof CODECS
export const filmKinds = Object.keys(CODECS) as FilmKind[]
/** Bits a second and pixel of a picture. */
const BITRATE = 6
/** A film can be entered at each of them; in frames. */
const KEY_FRAMES = 20
/** Frames that may wait for the encoder. */
const QUEUE = 4

/** @param side of its pictures, in pixels, even; @param rate pictures a second */
const encoding = (kind: FilmKind, side: number, rate: number): VideoEncoderConfig => ({
  codec: CODECS[kind],
  width: side,
  height: side,
  bitrate: BITRATE * side ** 2,
  framerate: rate,
})

/** The kinds that this browser's encoders can make, of square pictures. */
export async function encodable(side: number, rate: number): Promise<FilmKind[]> {
  if (typeof VideoEncoder === 'undefined') return []
  const supported = await Promise.all(
    filmKinds.map((kind) => VideoEncoder.isConfigSupported(encoding(kind, side, rate))),
  )
  return filmKinds.filter((_, i) => supported[i].supported)
}

/** A film of what a square canvas shows, one picture after another. */
export class Film {
  private readonly kind: FilmKind
  private readonly canvas: OffscreenCanvas
  private readonly rate: number
  private readonly muxer: Mp4Muxer<Mp4Target> | WebmMuxer<WebmTarget>
  private readonly encoder: VideoEncoder
  private frames = 0
  private problem: DOMException | undefined

  /** @param rate pictures a second */
  constructor(kind: FilmKind, canvas: OffscreenCanvas, rate: number) {
    this.kind = kind
    this.canvas = canvas
    this.rate = rate
    const { width, height } = canvas
    const size = { width, height, frameRate: rate }
    this.muxer =
      kind === 'mp4'
        ? new Mp4Muxer({ target: new Mp4Target(), fastStart: 'in-memory', video: { codec: 'avc', ...size } })
        : new WebmMuxer({ target: new WebmTarget(), video: { codec: 'V_VP8', ...size } })
    this.encoder = new VideoEncoder({
      output: (chunk, metadata) => this.muxer.addVideoChunk(chunk, metadata),
      error: (problem) => {
        this.problem = problem
      },
    })
    this.encoder.configure(encoding(kind, width, rate))
  }

  /** The canvas as it is now is the next picture. @throws DOMException when the encoder failed */
  async add(): Promise<void> {
    if (this.problem) throw this.problem
    const duration = 1e6 / this.rate
    const frame = new VideoFrame(this.canvas, { timestamp: this.frames * duration, duration })
    this.encoder.encode(frame, { keyFrame: this.frames % KEY_FRAMES === 0 })
    frame.close()
    this.frames++
    // A slow encoder is waited for: its queue holds whole pictures.
    while (this.encoder.encodeQueueSize > QUEUE) {
      await new Promise((resolve) => this.encoder.addEventListener('dequeue', resolve, { once: true }))
    }
  }

  /** The whole file. @throws DOMException when the encoder failed */
  async finish(): Promise<Uint8Array> {
    // A WebM is as long as its last picture is late: without another one that would not be shown at all.
    if (this.kind === 'webm') await this.add()
    await this.encoder.flush()
    if (this.problem) throw this.problem
    this.encoder.close()
    this.muxer.finalize()
    return new Uint8Array(this.muxer.target.buffer)
  }
}
