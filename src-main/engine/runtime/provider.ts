/**
 * Which execution provider runs the models, and why. What onnxruntime lists is only a claim: each candidate is tried in
 * a process of its own (`probe.ts`), and one that crashes, hangs, leaves work to the CPU or computes wrong numbers is
 * passed over.
 */
import { fork } from 'node:child_process'
import { cpus } from 'node:os'
import './privacy.ts'
import * as ort from 'onnxruntime-node'
import { type Message, message, UserError } from '../errors.ts'
import type { ProbeAnswer } from './probe.ts'

/** From the fastest to the one that is always there. */
export const providerNames = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const
export type ProviderName = (typeof providerNames)[number]

interface ProviderReport {
  readonly name: ProviderName
  readonly available: boolean
  /** The GPU or processor behind it, or 'unknown'. */
  readonly adapter: string
  /** Why it is not available. */
  readonly problem?: Message
}

export interface Provider {
  readonly name: ProviderName
  /** The GPU or processor behind it, or 'unknown'. */
  readonly adapter: string
  /** Why this one. */
  readonly reason: Message
}

export interface ProviderOptions {
  /** This one and no other. */
  readonly provider?: ProviderName
  /** Lets a software adapter (SwiftShader, WARP) count as a GPU: correct, slow, for tests. */
  readonly allowSoftware?: boolean
  /** Runs `probe` in another process where this one may not start programs itself, as in the packaged desktop app. */
  readonly tryOut?: (name: ProviderName) => Promise<Trial>
}

/**
 * The best provider that works on this machine, or the one asked for.
 * @throws UserError when the one asked for cannot be used, naming those that can
 */
export async function selectProvider(options: ProviderOptions = {}): Promise<Provider> {
  const { provider: wanted } = options
  if (wanted !== undefined) {
    if (!providerNames.includes(wanted)) {
      throw new UserError('no-such-provider', { provider: wanted, known: providerNames })
    }
    const report = await reportOn(wanted, options)
    if (report.available) {
      const reason = message('provider-asked-for', { provider: titleOf(report) })
      return { name: wanted, adapter: report.adapter, reason }
    }
    const available = (await describeProviders(options)).filter((other) => other.available)
    throw new UserError('provider-unusable', {
      provider: wanted,
      problem: report.problem!,
      available: available.map(({ name, adapter }) => message('provider-on', { provider: name, adapter })),
    })
  }
  const others: Message[] = []
  for (const name of providerNames.filter(isListed)) {
    const report = await reportOn(name, options)
    if (report.available) {
      const provider = titleOf(report)
      const reason =
        others.length > 0 ? message('provider-left', { provider, others }) : message('provider-best', { provider })
      return { name, adapter: report.adapter, reason }
    }
    others.push(message('provider-but', { provider: message(name), problem: report.problem! }))
  }
  throw new Error('onnxruntime has no CPU provider')
}

/** Every provider with what it runs on, or why it cannot be used. Takes seconds: each is tried. */
export async function describeProviders(options: ProviderOptions = {}): Promise<ProviderReport[]> {
  const reports: ProviderReport[] = []
  // One after another: two providers on one GPU would disturb each other.
  for (const name of providerNames) reports.push(await reportOn(name, options))
  return reports
}

function titleOf({ name, adapter }: ProviderReport): Message {
  const provider = message(name)
  return adapter === 'unknown' ? provider : message('provider-on', { provider, adapter })
}

/** Whether this build of onnxruntime knows the provider at all. */
function isListed(name: ProviderName): boolean {
  return ort.listSupportedBackends().some((backend) => backend.name === name)
}

/** SwiftShader, Mesa's llvmpipe and lavapipe, Windows' WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i

async function reportOn(
  name: ProviderName,
  { allowSoftware = false, tryOut }: ProviderOptions,
): Promise<ProviderReport> {
  if (name === 'cpu') return { name, available: true, adapter: processor() }
  const { adapter, problem } = await probed(name, tryOut)
  if (problem !== undefined) return { name, available: false, adapter, problem }
  if (SOFTWARE.test(adapter) && !allowSoftware) {
    return { name, available: false, adapter, problem: message('software-adapter', { adapter }) }
  }
  return { name, available: true, adapter }
}

function processor(): string {
  const threads = cpus()
  return threads.length > 0 ? `${threads[0].model.trim()}, ${threads.length} threads` : 'unknown'
}

type ProviderProbe = Pick<ProviderReport, 'adapter' | 'problem'>

/** How a probe's process ended: its answer, all it said, and what became of it. */
export interface Trial {
  readonly answer?: ProbeAnswer
  readonly said: string
  readonly end: Message
}

const HERE = `${process.platform} (${process.arch})`

/** A provider's hardware does not change while the process lives. */
const probes = new Map<ProviderName, Promise<ProviderProbe>>()

function probed(name: ProviderName, tryOut: ProviderOptions['tryOut']): Promise<ProviderProbe> {
  let result = probes.get(name)
  if (!result) {
    result = isListed(name)
      ? tryOut
        ? tryOut(name).then((trial) => judge(trial, name))
        : probe(name)
      : Promise.resolve({ adapter: 'unknown', problem: message('provider-not-built', { system: HERE }) })
    probes.set(name, result)
  }
  return result
}

/** Seconds; the first use of a GPU compiles shaders, which some drivers take long for. */
const TIME_LIMIT = 60

/** TF32 convolutions are off by about 1e-3; a wrong kernel is off by the size of the result. */
const LARGEST_DEVIATION = 1e-2

/**
 * Tries a provider in another process.
 * @param script what that process runs; others than the default are for tests
 */
export async function probe(
  name: ProviderName,
  script = probeScript(),
  timeLimit = TIME_LIMIT,
): Promise<ProviderProbe> {
  const loader = script.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  const child = fork(script, [name], {
    execArgv: loader,
    // Makes the Vulkan loader name the device it hands out.
    env: { ...process.env, VK_LOADER_DEBUG: 'driver' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    timeout: timeLimit * 1000,
    killSignal: 'SIGKILL',
  })
  let answer: ProbeAnswer | undefined
  let said = ''
  child.on('message', (given) => {
    answer = given as ProbeAnswer
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const end = await new Promise<Message>((resolve) => {
    child.on('error', (error) => resolve(message('provider-not-tried', { reason: error.message })))
    child.on('close', (code, signal) => {
      if (child.killed) resolve(message('provider-silent', { seconds: timeLimit }))
      else resolve(message('provider-crashed', { end: signal ?? message('exit-code', { exit: code ?? 0 }) }))
    })
  })
  return judge({ answer, said, end }, name)
}

function judge({ answer, said, end }: Trial, name: ProviderName): ProviderProbe {
  const adapter = adapterNamed(said, name)
  // A driver that answers and falls over while it is put away has answered.
  return answer ? { adapter, problem: probeProblem(answer) } : { adapter, problem: end }
}

/** Beside this file: source under tsx and in tests, an entry of its own in the build. */
function probeScript(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'probe.ts' : 'probe.js', import.meta.url)
}

/** What is wrong with a probe's answer, or nothing. */
export function probeProblem(answer: ProbeAnswer): Message | undefined {
  if ('deviation' in answer) {
    const { deviation } = answer
    if (deviation <= LARGEST_DEVIATION) return undefined
    return Number.isNaN(deviation)
      ? message('results-not-numbers')
      : message('results-wrong', { percent: Math.min(999, Math.round(deviation * 100)) })
  }
  if (/fallback to CPU EP has been explicitly disabled/.test(answer.error)) return message('operations-missing')
  if (/No supported adapters/.test(answer.error)) return message('no-adapter')
  if (/Failed to load shared library/.test(answer.error)) return message('libraries-missing')
  return message('provider-says', { reason: plainMessage(answer.error) })
}

/** What onnxruntime says, without the place in its source and the failed condition that it puts in front. */
export function plainMessage(said: string): string {
  const [line] = said.replace(/^.* was false\.\s*/s, '').split('\n')
  return line.slice(0, 200)
}

/**
 * The adapter's name, from what the libraries of a probe said: the Vulkan loader names the device it hands out, and
 * onnxruntime lists the GPUs it finds, on Windows in the order in which Direct3D prefers them. On Apple silicon the GPU
 * is a part of the processor and has its name.
 */
export function adapterNamed(said: string, name: ProviderName, platform = process.platform): string {
  const vulkan = [...said.matchAll(/Using "(.+?)" with driver:/g)].at(-1)
  if (vulkan) return vulkan[1]
  if (platform === 'darwin') return cpus()[0]?.model ?? 'unknown'
  const gpus = [...said.matchAll(/OrtHardwareDevice \{vendor_id:(0x[\da-f]+), .*?type:1, metadata: \[(.*?)\]\}/g)]
    .map(([, vendor, metadata]) => ({
      vendor,
      title: /Description=(.+?), /.exec(metadata)?.[1] ?? VENDORS[vendor],
      rank: Number(/DxgiHighPerformanceIndex=(\d+)/.exec(metadata)?.[1] ?? 0),
    }))
    .filter(({ vendor }) => name !== 'cuda' || VENDORS[vendor] === VENDORS['0x10de'])
    .sort((a, b) => a.rank - b.rank)
  return gpus[0]?.title ?? 'unknown'
}

/** PCI vendors of GPUs, for where onnxruntime gives no name. */
const VENDORS: Record<string, string> = { '0x10de': 'NVIDIA GPU', '0x1002': 'AMD GPU', '0x8086': 'Intel GPU' }
