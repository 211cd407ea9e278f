/** Runs the real command in a process of its own, in a folder of its own. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { builtCommand } from '../../testing/command.ts'
import { type Change, changedGenerator } from '../../testing/generator.ts'

const root = resolve(import.meta.dirname, '../..')

export interface FinishedRun {
  /** 128 + the signal's number where one ended it, as a shell has it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Interference {
  interrupt?: RegExp
  signal?: NodeJS.Signals
  once?: { when: RegExp; act: () => void }
  locale?: string
  /** What is in its environment besides. */
  env?: Readonly<Record<string, string>>
}

/** A place for a test file's photos, heads and imported generators; the home folder of what it runs. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'halfturn-cli-'))

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  write(name: string, bytes: Uint8Array | string): string {
    writeFileSync(this.path(name), bytes)
    return this.path(name)
  }

  /**
   * @param interrupt sends a signal, Ctrl-C unless another one is named, when standard output matches
   * @param once does something when standard output matches
   */
  run(
    args: readonly string[],
    { interrupt, signal = 'SIGINT', once, locale = 'C', env = {} }: Interference = {},
  ): Promise<FinishedRun> {
    const home = this.path('home')
    mkdirSync(home, { recursive: true })
    const child = spawn(process.execPath, [builtCommand, ...args], {
      cwd: root,
      env: { ...process.env, ...env, HOME: home, USERPROFILE: home, HALFTURN_DATA: this.path('data'), LC_ALL: locale },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const texts = { stdout: '', stderr: '' }
    let [interrupted, done] = [false, false]
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text
        if (!interrupted && interrupt?.test(texts.stdout)) {
          interrupted = true
          child.kill(signal)
        }
        if (!done && once?.when.test(texts.stdout)) {
          done = true
          once.act()
        }
      })
    }
    return new Promise((settle, fail) => {
      child.on('error', fail)
      child.on('close', (code, by) => settle({ code: code ?? 128 + constants.signals[by!], ...texts }))
    })
  }

  /** Every file below the folder, relative to it. */
  files(...parts: string[]): string[] {
    const entries = readdirSync(this.path(...parts), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path(...parts).length + 1))
      .sort()
  }

  /** The embedded generator, changed. @returns its path */
  generator(name: string, change: Change): string {
    return this.write(name, changedGenerator(change))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The lines of --json. */
export const linesOf = ({ stdout }: FinishedRun): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** Exit code 2; what was met, then what to do; no stack. */
export function expectRefusal({ code, stderr }: FinishedRun, message: RegExp): void {
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
  const lines = stderr.trim().split('\n')
  expect(lines.length, stderr).toBeGreaterThanOrEqual(2)
  expect(lines.at(-1), 'the cure').toMatch(/^[A-Z].*\.$|^For example|^Use |^See |^Give /)
  expect(stderr).not.toMatch(/^ {4}at /m)
}
