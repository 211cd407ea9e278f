/**
 * A part of a bucket, by Amazon's client: credentials, region and server come from the environment, as for all who use
 * it. A set is made in a folder of this machine, its files are uploaded, and at last its mark, on the condition that
 * nobody has put another one there meanwhile.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { clipText, UserError } from '../../../engine/errors.ts'
import type { RegularFile } from '../../../engine/files/regular-file.ts'
import type { Storage } from './storage.ts'

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  glb: 'model/gltf-binary',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
}
/** Milliseconds until a server that says nothing is given up, and how often it is asked. */
const PATIENCE = 60_000
const ATTEMPTS = 5
/** What the client and servers call it where this machine has no right credentials or settings: no photo's fault. */
const REFUSALS = /Credential|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|Region is missing/
const MISSING = new Set(['NoSuchKey', 'NotFound'])
/** Statuses of a condition that is not met, and of another upload at the same time. */
const OVERTAKEN = new Set([409, 412])

// The version that is pinned runs on Node 20; only later ones will not.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

let shared: S3Client | undefined
function client(): S3Client {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const own = (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined
  const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? (own ? 'us-east-1' : undefined)
  shared ??= new S3Client({
    ...(region !== undefined && { region }),
    // Servers other than Amazon's seldom have a name for each bucket, nor know its newer checksums.
    forcePathStyle: own,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: PATIENCE / 6, requestTimeout: PATIENCE, throwOnRequestTimeout: true },
  })
  return shared
}

export class Bucket implements Storage {
  readonly address: string
  private readonly bucket: string
  private readonly prefix: string
  private readonly seen = new Map<string, string>()
  private folder: string | undefined

  constructor(address: string) {
    const { bucket, key } = partsOf(address)
    this.address = address
    this.bucket = bucket
    this.prefix = key === '' ? '' : `${key}/`
  }

  async list(except: string): Promise<string[]> {
    return this.ask(async () => {
      const keys: string[] = []
      for await (const page of paginateListObjectsV2(
        { client: client() },
        { Bucket: this.bucket, Prefix: this.prefix },
      )) {
        keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key))
      }
      return keys
        .map((key) => key.slice(this.prefix.length))
        .filter(
          (path) => !path.split('/').some((name) => name.startsWith('.')) && !this.at(path).startsWith(`${except}/`),
        )
        .sort()
    })
  }

  at(path: string): string {
    return `${this.address}/${path}`
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.ask(async () => {
      try {
        const { Body, ETag } = await client().send(new GetObjectCommand(this.object(path)))
        if (ETag !== undefined) this.seen.set(path, ETag)
        return await Body!.transformToByteArray()
      } catch (error) {
        if (MISSING.has((error as Error).name)) return undefined
        throw error
      }
    })
  }

  desk(path: string): string {
    this.folder ??= mkdtempSync(join(tmpdir(), 'halfturn-batch-'))
    return join(this.folder, path)
  }

  async publish(path: string, names: readonly string[], mark?: string): Promise<boolean> {
    for (const name of names) await this.put(path, name)
    return mark === undefined || this.put(path, mark, true)
  }

  close(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true })
  }

  /** @returns whether it is there, and not somebody else's */
  private async put(folder: string, name: string, asMark = false): Promise<boolean> {
    const path = folder === '' ? name : `${folder}/${name}`
    const seen = this.seen.get(path)
    const bytes = readFileSync(join(this.desk(folder), name))
    return this.ask(async () => {
      try {
        const { ETag } = await client().send(
          new PutObjectCommand({
            ...this.object(path),
            Body: bytes,
            ContentType: TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
            ...(asMark && (seen === undefined ? { IfNoneMatch: '*' } : { IfMatch: seen })),
          }),
        )
        if (ETag !== undefined) this.seen.set(path, ETag)
        return true
      } catch (error) {
        if (asMark && OVERTAKEN.has(statusOf(error))) return false
        throw error
      }
    })
  }

  private object(path: string) {
    return { Bucket: this.bucket, Key: this.prefix + path }
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error) => {
      throw explained(this.bucket, error)
    })
  }
}

/** @throws UserError where there is none, it is too large, or not what `check` wants */
export async function readObject(address: string, { most, what, cure, check }: RegularFile): Promise<Uint8Array> {
  const { bucket, key } = partsOf(address)
  const path = clipText(address)
  try {
    const { Body, ContentLength = 0 } = await client().send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    if (ContentLength > most) {
      const [size, limit] = [ContentLength, most].map((bytes) => Math.ceil(bytes / 2 ** 20))
      Body!.transformToWebStream().cancel()
      throw new UserError('input-too-large', { what, path, size, most: limit, cure })
    }
    const bytes = await Body!.transformToByteArray()
    check?.(bytes)
    return bytes
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    if (!MISSING.has((cause as Error).name)) throw explained(bucket, cause)
    throw new UserError('input-unreadable', { path, system: (cause as Error).name, cure }, { cause })
  }
}

/** @throws UserError where it is no address of a bucket */
function partsOf(address: string): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(address) ?? []
  if (bucket === '') throw new UserError('bucket-address', { address: clipText(address) })
  return { bucket, key }
}

const statusOf = (error: unknown): number =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0

function explained(bucket: string, cause: unknown): UserError {
  const { name, message, code } = cause as Error & { code?: string }
  const reason = clipText([name, code, message].filter((word) => word && word !== 'Error').join(': '))
  return new UserError(REFUSALS.test(reason) ? 'bucket-refused' : 'bucket-failed', { bucket, reason }, { cause })
}
