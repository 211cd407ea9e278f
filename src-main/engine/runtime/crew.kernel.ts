// @ts-nocheck: this is AssemblyScript, a part of kernels that a crew runs.
/**
 * How the threads of a crew share a job (crew.ts): by the first numbers of the block that describes it. A kernel's `serve`
 * asks for the next job, enters it, works and leaves; its `work` takes pieces until there are none.
 */

/** The block, and with it the memory that is the host's. */
export const base: usize = (__heap_base + 63) & ~63

/** Rises with each job. */
const EDITION = base
/** Whether the job's block may be read. */
const OPEN = base + 4
/** Threads that may be reading it, without the caller's. */
const ACTIVE = base + 8
/** The next piece, and how many there are. */
const NEXT = base + 12
const STOP = base + 16
const PIECES = base + 20
/** Bytes of a thread's scratch, and where that of the first begins. */
const SCRATCH_SIZE = base + 24
const SCRATCH = base + 28
/** Where a kernel's own numbers begin. */
export const own: usize = base + 32

/** Sleeps until there is another job than `known`. @returns its edition; 0: the thread is to end */
export function nextJob(known: i32): i32 {
  let edition = atomic.load<i32>(EDITION)
  while (edition === known && !atomic.load<i32>(STOP)) {
    atomic.wait<i32>(EDITION, known, -1)
    edition = atomic.load<i32>(EDITION)
  }
  return atomic.load<i32>(STOP) ? 0 : edition
}

/** @returns whether there is still a job: one that wakes late may find it closed. `leave` follows in any case. */
export function enter(): bool {
  atomic.add<i32>(ACTIVE, 1)
  return atomic.load<i32>(OPEN) !== 0
}

export function leave(): void {
  if (atomic.sub<i32>(ACTIVE, 1) === 1) atomic.notify(ACTIVE, 1)
}

/** @returns the next piece; -1: there are no more */
export function takePiece(): i32 {
  const piece = atomic.add<i32>(NEXT, 1)
  return piece < load<i32>(PIECES) ? piece : -1
}

export function scratchOf(thread: i32): usize {
  return load<usize>(SCRATCH) + <usize>thread * load<usize>(SCRATCH_SIZE)
}
