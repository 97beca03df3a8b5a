// Moves a process's calendar without touching its timers: Date is replaced, monotonic time stays. Given to a child with
// `--import`, it takes the shift from the environment, or follows what a file says.
import { readFileSync } from 'node:fs'

const VARIABLE = 'E2E_CLOCK_SHIFT_MS'
const FILE = 'E2E_CLOCK_SHIFT_FILE'
const FOLLOW_MS = 50

export interface Shift {
  /** Milliseconds to add to the machine's clock from now on. */
  set(ms: number): void
}

/** Replaces the global Date. */
export function shiftClock(initial = 0): Shift {
  const Real = Date
  let by = initial
  const now = (): number => Real.now() + by
  const Shifted = new Proxy(Real, {
    construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new Real(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  })
  globalThis.Date = Shifted
  return {
    set: (ms) => {
      by = ms
    },
  }
}

const asked = Number(process.env[VARIABLE] ?? 0)
if (asked !== 0) shiftClock(asked)
const file = process.env[FILE]
if (file !== undefined) follow(file)

function follow(path: string): void {
  const said = (): number => Number(readFileSync(path, 'utf8'))
  const shift = shiftClock(said())
  setInterval(() => shift.set(said()), FOLLOW_MS).unref()
}

/** The environment and arguments that move a node process's calendar by so much. */
export function shiftedBy(ms: number): { readonly env: Record<string, string>; readonly args: readonly string[] } {
  return { env: { [VARIABLE]: String(ms) }, args: ['--import', import.meta.url] }
}

/** The same for a calendar that goes on moving: the file holds by how many milliseconds. It is to be replaced, not written to. */
export function followed(path: string): { readonly env: Record<string, string>; readonly args: readonly string[] } {
  return { env: { [FILE]: path }, args: ['--import', import.meta.url] }
}
