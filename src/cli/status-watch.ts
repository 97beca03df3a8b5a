// `status --watch`: what the page shows, on a terminal. Each time the whole screen is drawn anew in one write, so that
// nothing flickers. A rate is of the time since the picture before. Where the state cannot be had the last picture stays, and
// a line says since when.
import { setTimeout as sleep } from 'node:timers/promises'
import { Rates } from '../admin/page/rates.ts'
import { SetupError } from '../domain/failures.ts'
import { hoursText } from './hours-text.ts'
import type { StatusSource } from './status-source.ts'
import { statusText } from './status-text.ts'

const EVERY_MS = 2_000
const DAYS = 7
const CLEAR = '\u001b[H\u001b[2J\u001b[3J'

export interface WatchOptions {
  readonly out: { write(text: string): unknown }
  /** Ends it. */
  readonly signal: AbortSignal
  readonly everyMs?: number
}

/** Rejects with SetupError if there is nothing to show at the beginning. */
export async function watchStatus(
  source: StatusSource,
  { out, signal, everyMs = EVERY_MS }: WatchOptions,
): Promise<void> {
  const rates = new Rates({ windowMs: 0, leastMs: 1 })
  let picture = await draw(source, rates)
  out.write(`${CLEAR}${picture}\n`)
  while (await rested(everyMs, signal)) {
    try {
      picture = await draw(source, rates)
      out.write(`${CLEAR}${picture}\n`)
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      out.write(`${CLEAR}${picture}\n\nthis is old: ${error.message}\n`)
    }
  }
}

async function draw(source: StatusSource, rates: Rates): Promise<string> {
  const [status, hours] = [await source.status(), await source.hours()]
  return `${statusText(status, rates.next(status))}\n\n${hoursText(hours, { days: DAYS, colour: true })}`
}

async function rested(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}
