// Destinations on a terminal: a row for each, and under it, in words, what the numbers mean and what stands out. A rate is
// shown only where somebody watches: of one moment there is none.
import type { DestinationStatus } from '../admin/destination-status.ts'
import { keyOf } from '../admin/page/rates.ts'
import { count, duration } from '../telemetry/units.ts'
import { type Column, table } from './table.ts'

const columns: readonly Column[] = [
  { title: 'DESTINATION' },
  { title: 'STATE' },
  { title: 'WATERMARK' },
  { title: 'BEHIND', right: true },
  { title: 'OUTSTANDING', right: true },
  { title: 'DELIVERED', right: true },
  { title: 'DUPLICATES', right: true },
  { title: 'QUARANTINED', right: true },
]

const rateColumn: Column = { title: 'RATE', right: true }

/** `rates`: records per second by destination and receiver; undefined where nobody watches. */
export function destinationLines(
  destinations: readonly DestinationStatus[],
  rates: ReadonlyMap<string, number> | undefined,
): readonly string[] {
  const cells = destinations.map((one) => (rates === undefined ? row(one) : [...row(one), rate(rates.get(keyOf(one)))]))
  const [head = '', ...rows] = table(rates === undefined ? columns : [...columns, rateColumn], cells)
  const lines = destinations.flatMap((one, index) => [
    rows[index] ?? '',
    ...[one.explanation, ...oldest(one), ...late(one), last(one)].map((line) => `  ${line}`),
  ])
  return [head, ...lines]
}

function row(one: DestinationStatus): readonly string[] {
  return [
    `${one.id} ← ${one.receiver}`,
    one.state,
    one.watermark === null ? 'none yet' : short(one.watermark),
    one.watermarkAgeSeconds === null ? '-' : duration(one.watermarkAgeSeconds * 1000),
    `${one.outstanding.objects}`,
    one.delivered.toLocaleString('en-US'),
    one.duplicates.toLocaleString('en-US'),
    one.quarantined.toLocaleString('en-US'),
  ]
}

/** `1,200/s`, `0.3/s`; what would be rounded to none is said to be more. */
function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return '-'
  if (perSecond > 0 && perSecond < 0.05) return '<0.1/s'
  return `${perSecond < 10 ? perSecond.toFixed(1).replace('.0', '') : Math.round(perSecond).toLocaleString('en-US')}/s`
}

function oldest({ outstanding }: DestinationStatus): readonly string[] {
  if (outstanding.oldest === null) return []
  const { key, ageSeconds } = outstanding.oldest
  return [`oldest outstanding: ${key}, ${duration(ageSeconds * 1000)} old`]
}

/** Objects that came below the watermark: it does not go back for them, so they are told beside it. */
function late({ lateTotal, outstanding }: DestinationStatus): readonly string[] {
  if (lateTotal === 0 && outstanding.late === 0) return []
  return [`late: ${count(lateTotal, 'object')} ever, ${outstanding.late} of them outstanding`]
}

/** What the destination has last, and since when. */
function last({ lastEventTime, lastDelivery }: DestinationStatus): string {
  if (lastDelivery === null) return 'nothing delivered yet'
  const event = lastEventTime === null ? '' : `newest event ${short(lastEventTime)}, `
  return `${event}last delivery ${short(lastDelivery.at)} from ${lastDelivery.key}`
}

export function short(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
