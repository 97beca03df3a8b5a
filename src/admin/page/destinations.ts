// The table of destinations: one line each, all numbers behind it in its details.
import type { DestinationStatus } from '../destination-status.ts'
import { element } from './element.ts'
import { keyOf } from './rates.ts'
import { age, counted, number, rate, time } from './words.ts'

const COLUMNS = [
  'Destination',
  'State',
  'Complete up to',
  'Behind',
  'Newest event',
  'Rate',
  'Outstanding',
  'Quarantined',
]

/** `rates`: records per second by destination and receiver. */
export function destinationTable(
  destinations: readonly DestinationStatus[],
  rates: ReadonlyMap<string, number>,
): HTMLElement {
  const head = element('tr', {}, ...COLUMNS.map((name) => element('th', { scope: 'col' }, name)))
  const bodies = destinations.map((one) => element('tbody', {}, destinationRow(one, rates.get(keyOf(one))), more(one)))
  const table = element('table', { class: 'list' }, element('thead', {}, head), ...bodies)
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of destinations' }, table)
}

function destinationRow(one: DestinationStatus, perSecond: number | undefined): HTMLElement {
  const behind = one.watermarkAgeSeconds === null ? 'nothing proven yet' : age(one.watermarkAgeSeconds)
  const state = element('span', { class: 'state', 'data-state': one.state }, one.state)
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, one.id, element('p', { class: 'quiet' }, one.receiver)),
    element('td', {}, state, element('p', {}, one.explanation)),
    timeCell(one.watermark),
    element('td', { class: 'whole' }, behind),
    timeCell(one.lastEventTime),
    element('td', { class: 'number' }, rate(perSecond === undefined ? undefined : perSecond * 60)),
    element('td', { class: 'number' }, counted(one.outstanding.objects, 'object'), ...late(one)),
    element('td', { class: 'number' }, number(one.quarantined)),
  )
}

/** Broken between date and time, or nowhere. */
function timeCell(stamp: string | null): HTMLElement {
  const text = time(stamp)
  const parts = [text.slice(0, 10), text.slice(11)].filter((part) => part !== '')
  const spans = parts.flatMap((part) => [' ', element('span', { class: 'whole' }, part)])
  return element('td', {}, ...spans.slice(1))
}

/** A line of its own below, as wide as the table: keys of objects are long. */
function more(one: DestinationStatus): HTMLElement {
  return element('tr', {}, element('td', { class: 'more', colspan: COLUMNS.length }, details(one)))
}

/** Of the outstanding ones: the watermark does not wait for them. */
function late({ outstanding }: DestinationStatus): readonly HTMLElement[] {
  return outstanding.late === 0 ? [] : [element('p', { class: 'quiet' }, `${number(outstanding.late)} late`)]
}

function details(one: DestinationStatus): HTMLElement {
  const facts: [string, string][] = [
    ['Delivered', counted(one.delivered, 'record')],
    ['Withheld by filters', counted(one.filtered, 'record')],
    ['Duplicates removed', counted(one.duplicates, 'record')],
    ['Possible duplicates', counted(one.possibleDuplicates, 'record')],
    ['Lost', counted(one.lost.objects, 'object')],
    ['Late objects, ever', number(one.lateTotal)],
    ['Newest object seen', time(one.lastObjectTime)],
    ['Last delivery', one.lastDelivery === null ? '–' : `${time(one.lastDelivery.at)}, from ${one.lastDelivery.key}`],
    ['Forwards from', time(one.startAt)],
    ...oldestFacts(one),
    ...liveFacts(one),
  ]
  const list = facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
  const key = `details ${keyOf(one)}`
  const summary = element('summary', { 'data-key': key }, `All numbers of ${one.id}`)
  return element('details', { 'data-key': key }, summary, element('dl', {}, ...list))
}

/** What is said once is not said again: where it is stopped, that is why everything waits. */
function oldestFacts({ outstanding: { oldest }, stop }: DestinationStatus): [string, string][] {
  if (oldest === null) return []
  const isSaid = oldest.reason === null || oldest.reason === stop?.reason
  const reason: [string, string][] = isSaid ? [] : [['It waits because', oldest.reason ?? '']]
  return [['Oldest outstanding', `${oldest.key}, ${age(oldest.ageSeconds)} old`], ...reason]
}

function liveFacts({ live, stop }: DestinationStatus): [string, string][] {
  const stopped: [string, string][] = stop === null ? [] : [['Stopped since', `${time(stop.since)}: ${stop.reason}`]]
  if (live === null) return stopped
  const error: [string, string][] =
    live.lastError === null || live.lastError.reason === stop?.reason
      ? []
      : [['Last error', `${time(live.lastError.at)}: ${live.lastError.reason}`]]
  return [...stopped, ['On their way', counted(live.inFlight, 'request')], ...error]
}
