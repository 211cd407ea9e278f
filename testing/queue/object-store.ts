/**
 * An S3-compatible object storage on a free port of this machine. The package it is made of checks signatures, but knows
 * no conditional writes: these are added.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'

// Amazon's client says in every process that its next versions want another Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

interface App extends S3rver {
  readonly store: { getMetadata(bucket: string, key: string): Promise<{ etag: string }> }
}

export class ObjectStore {
  /** Methods and paths of all requests. */
  readonly requests: string[] = []
  private readonly folder = mkdtempSync(join(tmpdir(), 'halfturn-s3-'))
  private readonly app: App
  private readonly server: Server

  private constructor(buckets: readonly string[]) {
    const configureBuckets = buckets.map((name) => ({ name, configs: [] }))
    this.app = new S3rver({ silent: true, directory: this.folder, configureBuckets }) as App
    const handle = this.app.callback()
    this.server = createServer(async (request, response) => {
      this.requests.push(`${request.method} ${request.url}`)
      if (await this.permits(request)) handle(request, response)
      else response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>')
    })
  }

  static async start(...buckets: string[]): Promise<ObjectStore> {
    const store = new ObjectStore(buckets)
    await store.app.configureBuckets()
    await once(store.server.listen(0, '127.0.0.1'), 'listening')
    return store
  }

  /** What processes that use it have in their environment. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.server.address() as AddressInfo
    const key = 'S3RVER'
    return { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: key }
  }

  async remove(): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    await closed
    rmSync(this.folder, { recursive: true })
  }

  /** Whether the condition of a write is met; there may be none. */
  private async permits({ method, url = '', headers }: IncomingMessage): Promise<boolean> {
    const { 'if-match': same, 'if-none-match': none } = headers
    if (method !== 'PUT' || (same ?? none) === undefined) return true
    const [, bucket, key] = /^\/([^/]+)\/([^?]+)/.exec(url) ?? []
    const there = await this.app.store.getMetadata(bucket, decodeURIComponent(key)).catch(() => undefined)
    return same === undefined ? !there : there?.etag === same
  }
}
