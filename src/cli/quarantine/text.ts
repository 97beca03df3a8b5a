// What the quarantine says to people.
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import type { Replayed } from '../../pipeline/repairs/replay.ts'
import { bytes, count, oneLine } from '../../telemetry/units.ts'
import { table } from '../table.ts'

/** Entries of one destination with one reason. */
export interface Group {
  readonly destination: string | undefined
  readonly reason: string
  readonly entries: number
  readonly bytes: number
  readonly first: number
  readonly last: number
}

const longest = 100

/** What is kept on behalf of every destination is nobody's alone. */
export function destinationText(destination: string | undefined): string {
  return destination ?? '(every one)'
}

export function groups(entries: Iterable<QuarantineEntry>): readonly Group[] {
  const found = new Map<string, Group>()
  for (const { destination, reason, length, at } of entries) {
    const key = JSON.stringify([destination, reason])
    const before = found.get(key) ?? { destination, reason, entries: 0, bytes: 0, first: at, last: at }
    found.set(key, {
      ...before,
      entries: before.entries + 1,
      bytes: before.bytes + length,
      first: Math.min(before.first, at),
      last: Math.max(before.last, at),
    })
  }
  return [...found.values()].sort((a, b) => b.entries - a.entries)
}

export function groupsText(all: readonly Group[]): readonly string[] {
  const columns = [
    { title: 'DESTINATION' },
    { title: 'ENTRIES', right: true },
    { title: 'SIZE', right: true },
    { title: 'FIRST' },
    { title: 'LAST' },
    { title: 'REASON' },
  ]
  const rows = all.map((group) => [
    destinationText(group.destination),
    String(group.entries),
    bytes(group.bytes),
    instantText(group.first),
    instantText(group.last),
    shortened(group.reason),
  ])
  return table(columns, rows)
}

export function entriesText(entries: readonly QuarantineEntry[]): readonly string[] {
  const columns = [
    { title: 'ID', right: true },
    { title: 'DESTINATION' },
    { title: 'SINCE' },
    { title: 'SIZE', right: true },
    { title: 'WHERE' },
    { title: 'REASON' },
  ]
  const rows = entries.map((entry) => [
    String(entry.id),
    destinationText(entry.destination),
    instantText(entry.at),
    bytes(entry.length),
    placeText(entry),
    shortened(`${stateText(entry)}${entry.reason}`),
  ])
  return table(columns, rows)
}

function placeText({ object, line, receiver }: QuarantineEntry): string {
  return object === undefined ? `a message of ${receiver}` : `${oneLine(object.key)}:${line}`
}

function stateText({ provisional, replay }: QuarantineEntry): string {
  if (provisional) return '(not final yet) '
  return replay === undefined ? '' : '(on its way) '
}

function shortened(text: string): string {
  const line = oneLine(text)
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`
}

export function instantText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** Everything about an entry but its content. */
export function headText(entry: QuarantineEntry): readonly string[] {
  const { object } = entry
  const lines = [
    ['entry', String(entry.id)],
    ['destination', destinationText(entry.destination)],
    ['receiver', entry.receiver],
    ['reason', `${stateText(entry)}${oneLine(entry.reason)}`],
    ['since', instantText(entry.at)],
    ...(object === undefined
      ? [['from', 'a message of its queue']]
      : [
          ['object', `${object.store}/${oneLine(object.key)}`],
          ['position', `byte ${entry.offset}, line ${entry.line}`],
        ]),
    ['size', bytes(entry.length)],
    ['sha256', entry.sha256],
  ]
  return lines.map(([name = '', text = '']) => `${name.padEnd(12)} ${text}`)
}

export function replayProgress(progress: unknown): string {
  const {
    due = 0,
    delivered = 0,
    quarantined = 0,
    left = 0,
    held,
  } = (progress ?? {}) as Partial<Replayed & { quarantined: number; held: string }>
  const why = held === undefined ? '' : `; ${oneLine(held)}`
  return `replaying ${count(due, 'entry', 'entries')}: ${delivered} delivered, ${quarantined} refused, ${left} on their way${why}`
}

/** What a replay came to, one line for each thing that happened. */
export function replayedText(replayed: Replayed): string {
  const said: readonly (readonly [number, string])[] = [
    [replayed.delivered, 'delivered'],
    [replayed.copies + replayed.arrived, 'had arrived before, or with another object'],
    [replayed.filtered, 'withheld by a filter'],
    [replayed.understood, 'messages understood, and what they announced was looked for'],
    [replayed.refused, 'refused again: they stay, with the reason of today'],
    [replayed.still, 'still no events: they stay'],
    [replayed.gone + replayed.lost, 'cannot be had any more, neither the object nor its bytes: they stay'],
    [replayed.unreadable, 'cannot be read now: they stay; try again when their store answers'],
    [replayed.retired, 'for destinations or receivers that are not configured: they stay'],
    [replayed.provisional, 'refused a moment ago, and not finally: they stay for now'],
    [replayed.underWay, 'on their way already, for another request'],
    [replayed.left, 'on their way still'],
  ]
  const lines = said.filter(([number]) => number > 0).map(([number, what]) => `${String(number).padStart(8)}  ${what}`)
  return lines.length === 0 ? 'nothing in quarantine is meant' : lines.join('\n')
}
