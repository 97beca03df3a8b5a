// How an hour of the calendar looks, on the page and in a terminal: one look, a sign for those who see no colours, and the
// words for all that is known of it. Pure.
import type { HourStatus } from '../hours.ts'
import { counted, day, short } from './words.ts'

/** How an hour looks: worse things hide better ones. */
export type Look = 'lost' | 'suspect' | 'behind' | 'unprovable' | 'complete' | 'open'

/** What the looks mean; also their signs, for those who see no colours. */
export const LEGEND: readonly (readonly [look: Look, sign: string, meaning: string])[] = [
  ['complete', '12', 'proven complete: had it been lost, that would have been told'],
  ['suspect', '!', 'suspect: something is missing here, or may be'],
  ['behind', '…', 'not delivered yet'],
  ['lost', '✗', 'lost before it could be delivered'],
  ['unprovable', '?', 'not provable: too little comes in this hour, or is known of it'],
  ['open', '', 'not over yet'],
]

/** How an hour looks to one destination, or to all of them where none is given. */
export function lookOf(hour: HourStatus, destination: string): Look {
  const of = (counts: Readonly<Record<string, number>>): number =>
    destination === '' ? Object.values(counts).reduce((sum, count) => sum + count, 0) : (counts[destination] ?? 0)
  if (of(hour.lost) > 0) return 'lost'
  if (hour.verdict === 'suspect') return 'suspect'
  return of(hour.outstanding) > 0 ? 'behind' : hour.verdict
}

/** What is known of an hour, in words. */
export function inWords(hour: HourStatus, look: Look): string {
  const begin = hour.hour.slice(11, 16)
  const meaning = LEGEND.find(([name]) => name === look)?.[2] ?? ''
  const expected = hour.expected === null ? 'how many to expect is not known' : `about ${short(hour.expected)} expected`
  const outstanding = sentence(hour.outstanding, 'outstanding for')
  const lost = sentence(hour.lost, 'lost for')
  return `${day(hour.hour.slice(0, 10))} ${begin} UTC: ${counted(hour.objects, 'object')}, ${expected}; ${meaning}.${outstanding}${lost}`
}

function sentence(counts: Readonly<Record<string, number>>, what: string): string {
  return Object.entries(counts)
    .map(([destination, count]) => ` ${counted(count, 'object')} ${what} ${destination}.`)
    .join('')
}

/** Where the colour says that all is well the number of objects is of interest; elsewhere what is not well. */
export function signOf(hour: HourStatus, look: Look): string {
  if (look === 'complete' || look === 'open') return hour.objects > 0 ? short(hour.objects) : ''
  return LEGEND.find(([name]) => name === look)?.[1] ?? ''
}
