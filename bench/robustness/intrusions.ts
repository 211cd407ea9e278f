/**
 * Attempts on the served window, one after the other on one launch of the built program with its real engine: which of
 * them get in, which stop the server or the engine, and whether a window of the user's is answered after each. Then what
 * three uploads of 600 MB that nobody takes cost in memory, and how long a request that never ends is borne.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callAsWindow, intrusions, type Target } from '../../testing/intrusions.ts'
import type { Recorder } from '../support/recorder.ts'

const root = join(import.meta.dirname, '..', '..')

export default async function measure(recorder: Pick<Recorder, 'add'>): Promise<void> {
  const program = join(root, 'out', 'main', 'serve.js')
  if (!existsSync(program)) throw new Error('Build the program first: npm run build.')
  const data = await mkdtemp(join(tmpdir(), 'halfturn-intrusions-'))
  const server = spawn(process.execPath, [program, '--no-open'], {
    env: { ...process.env, HALFTURN_DATA: data, HALFTURN_PROVIDER: 'cpu' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const target = await targetOf(server)
    await callAsWindow(target, 'hello', {})
    const pids = [server.pid!, ...(await children(server.pid!))]
    const tally = { gotIn: [] as string[], stopped: [] as string[], unanswered: [] as string[] }
    for (const { who, name, attempt } of intrusions) {
      const got = await attempt(target).catch((error: Error) => error.message)
      if (got !== undefined) tally.gotIn.push(`${who}, ${name}: ${got}`)
      const now = [server.pid!, ...(await children(server.pid!))]
      if (server.exitCode !== null || now.join() !== pids.join()) tally.stopped.push(`${who}, ${name}`)
      const answer = await callAsWindow(target, 'hello', {}).catch((error: Error) => error.message)
      if (!answer.includes('provider')) tally.unanswered.push(`${who}, ${name}: ${answer}`)
    }
    for (const who of ['stranger', 'window'] as const) {
      const count = (list: string[]) => list.filter((line) => line.startsWith(who)).length
      const attempts = intrusions.filter((intrusion) => intrusion.who === who).length
      recorder.add({
        what: `attempts of a ${who}`,
        attempts,
        got_in: count(tally.gotIn),
        stopped_it: count(tally.stopped),
        window_unanswered: count(tally.unanswered),
      })
    }
    for (const line of Object.values(tally).flat()) console.error(line)
    await measureUploads(target, pids, data, recorder)
    await measureSlowHead(target, recorder)
  } finally {
    server.kill('SIGTERM')
    await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve(0)))
    await rm(data, { recursive: true, force: true })
  }
}

async function measureUploads(target: Target, pids: number[], data: string, recorder: Pick<Recorder, 'add'>) {
  const before = await memory(pids)
  for (let i = 0; i < 3; i++) {
    const answer = await upload(target, new Uint8Array(600e6))
    if (!answer.includes('value')) throw new Error(`An upload was answered ${answer}.`)
  }
  const after = await memory(pids)
  recorder.add({
    what: 'three uploads of 600 MB nobody takes',
    memory_before: before,
    memory_after: after,
    disk: await size(data),
  })
}

/** Over a connection of its own: one that was kept from before may be closed just now. */
function upload({ port, token }: Target, body: Uint8Array): Promise<string> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Length': body.length }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/blob', method: 'PUT', agent: false, headers }
    request(options, (response) => {
      let said = ''
      response.on('data', (data) => {
        said += data
      })
      response.on('end', () => resolve(said))
    })
      .on('error', reject)
      .end(body)
  })
}

async function measureSlowHead({ port }: Target, recorder: Pick<Recorder, 'add'>) {
  const began = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const timer = setInterval(() => socket.write('X'), 500)
  socket.write('GET / HTTP/1.1\r\n')
  await new Promise((resolve) => socket.resume().once('close', resolve))
  clearInterval(timer)
  recorder.add({ what: 'a head that never ends', seconds_borne: (performance.now() - began) / 1000 })
}

async function targetOf(server: ChildProcess): Promise<Target> {
  const url = await new Promise<URL>((resolve, reject) => {
    let said = ''
    server.stdout!.on('data', (text) => {
      said += text
      const found = /http:\S+/.exec(said)
      if (found) resolve(new URL(found[0]))
    })
    server.once('exit', (code) => reject(new Error(`serve ended with ${code}.`)))
  })
  return { origin: url.origin, port: Number(url.port), token: url.hash.slice(1) }
}

async function children(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

/** Resident memory of processes, MiB. */
async function memory(pids: readonly number[]): Promise<number> {
  const each = pids.map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024
  })
  return Math.round((await Promise.all(each)).reduce((a, b) => a + b, 0))
}

/** Of what is in a folder, MiB. */
async function size(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true })
  const sizes = await Promise.all(
    entries.map((name) => stat(join(folder, name)).then((s) => (s.isFile() ? s.size : 0))),
  )
  return Math.round(sizes.reduce((a, b) => a + b, 0) / 2 ** 20)
}
