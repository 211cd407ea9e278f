/** Debian's Redis on a free port of this machine, with a folder of its own: started, killed and started again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

export class RedisServer {
  readonly url: string
  private readonly port: number
  private readonly folder = mkdtempSync(join(tmpdir(), 'halfturn-redis-'))
  private process: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
  }

  static async start(): Promise<RedisServer> {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    listener.close()
    await once(listener, 'close')
    const server = new RedisServer(port)
    await server.run()
    return server
  }

  /** Kills it at once, and starts it again from what it had written. */
  async restart(): Promise<void> {
    await this.kill()
    await this.run()
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true })
  }

  private async kill(): Promise<void> {
    const gone = once(this.process!, 'close')
    this.process!.kill('SIGKILL')
    await gone
  }

  private async run(): Promise<void> {
    const settings = ['--bind', '127.0.0.1', '--port', `${this.port}`, '--dir', this.folder, '--save', '']
    this.process = spawn('redis-server', [...settings, '--appendonly', 'yes', '--appendfsync', 'always'], {
      stdio: 'ignore',
    })
    const client = new Redis(this.url, { retryStrategy: () => 100, maxRetriesPerRequest: null })
    client.on('error', () => {})
    while ((await client.ping().catch(() => '')) !== 'PONG') await sleep(50)
    client.disconnect()
  }
}
