// What a backfill says to people: beforehand, while it is at work, and in the end.
import type { BackfillBody, Backfilled } from '../../pipeline/repairs/backfill.ts'
import { bytes, count, oneLine } from '../../telemetry/units.ts'

/** What a backfill would do, told without doing it. */
export interface Forecast {
  readonly objects: number
  readonly bytes: number
  /** Rows: those it would take, those on their way without it, and those that are settled. */
  readonly taken: number
  readonly waiting: number
  readonly settled: number
  /** Events withheld by filters whose actions match. */
  readonly withheld?: number
  readonly unreadable?: number
}

export function backfillProgress(progress: unknown): string {
  const {
    delayed,
    held,
    objects = 0,
    rows,
    sent = 0,
    settled = 0,
  } = (progress ?? {}) as Partial<Backfilled & { delayed: string; held: string; rows: number }>
  if (delayed !== undefined) return `waiting: ${oneLine(delayed)}`
  if (rows === undefined) return `${count(objects, 'object')} found`
  const why = held === undefined ? '' : `; ${oneLine(held)}`
  return `${count(objects, 'object')}: ${count(sent, 'event')} sent, ${rows} to go, ${settled} had arrived before${why}`
}

export function forecastText(forecast: Forecast, body: BackfillBody): string {
  const { objects, taken, waiting, settled, withheld, unreadable = 0 } = forecast
  if (withheld !== undefined) {
    const lacking = unreadable === 0 ? '' : `; ${count(unreadable, 'object')} cannot be read`
    return `would send ${count(withheld, 'event')} that filters withheld, from ${count(taken, 'object')}${lacking}`
  }
  const what = body.force ? 'sent, what arrived before once more' : 'sent'
  const lines = [
    `${count(objects, 'object')} in the range, ${bytes(forecast.bytes)}; of every destination's:`,
    [taken, `would be ${what}`],
    [waiting, 'are on their way without it'],
    [settled, 'arrived before, and would not be sent again (--force sends them)'],
  ] as const
  return lines.map((line) => (typeof line === 'string' ? line : row(line))).join('\n')
}

export function backfilledText(done: Backfilled & { readonly unreadable?: number }, { only }: BackfillBody): string {
  const objects: readonly (readonly [number, string])[] = [
    [done.taken, only === undefined ? 'brought to a destination' : 'held something that was withheld and is asked for'],
    [done.waiting, 'were on their way without it'],
    [done.settled, 'had arrived before'],
    [done.lost, 'were gone when they were to be read'],
    [done.unreadable ?? 0, 'cannot be read: what was withheld of them stays so'],
  ]
  const events: readonly (readonly [number, string])[] = [
    [done.sent, 'sent'],
    [done.skipped, 'skipped, for they arrived with another object'],
    [done.filtered, 'withheld by a filter'],
    [done.quarantined, 'in quarantine'],
  ]
  const told = (rows: readonly (readonly [number, string])[]) => rows.filter(([number]) => number > 0).map(row)
  return [count(done.objects, 'object'), ...told(objects), count(done.events, 'event'), ...told(events)].join('\n')
}

function row([number, what]: readonly [number, string]): string {
  return `${String(number).padStart(8)}  ${what}`
}
