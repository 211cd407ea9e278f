/** What a parent has its engine process do besides carrying messages: each errand has a ticket its answer brings back. */
import { message } from '../engine/errors.ts'
import type { Reply } from './api.ts'

/** What the engine says of an errand. */
export interface Done {
  readonly ticket: number
  readonly answer: Reply<never>
}

const ENDED: Reply<never> = { failure: message('engine-ended') }

export class Errands {
  private readonly open = new Map<number, (answer: Reply<never>) => void>()
  private tickets = 0

  /** @param send hands the errand with its ticket to the engine, if there is one */
  run<T>(send: (ticket: number) => void): Promise<Reply<T>> {
    const ticket = ++this.tickets
    return new Promise((resolve) => {
      this.open.set(ticket, resolve)
      send(ticket)
    })
  }

  finish({ ticket, answer }: Done): void {
    this.open.get(ticket)?.(answer)
    this.open.delete(ticket)
  }

  /** The engine is no more: whoever waits is told. */
  fail(): void {
    for (const resolve of this.open.values()) resolve(ENDED)
    this.open.clear()
  }
}
