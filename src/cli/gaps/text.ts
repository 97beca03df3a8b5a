// What is missing, for people.
import type { GapStatus } from '../../admin/gaps.ts'
import { type Gap, gapState } from '../../domain/gaps.ts'
import { duration, oneLine } from '../../telemetry/units.ts'
import { table } from '../table.ts'

const columns = [
  { title: 'ID' },
  { title: 'STATE' },
  { title: 'KIND' },
  { title: 'SUBJECT' },
  { title: 'FROM' },
  { title: 'TO' },
  { title: 'LENGTH', right: true },
] as const

/** A table of gaps, and below it what was seen of those that are open. */
export function gapsText(gaps: readonly GapStatus[], now: number): readonly string[] {
  if (gaps.length === 0) return ['nothing is known to be missing']
  const open = gaps.filter(({ closedAt }) => closedAt === null)
  const rows = table(
    columns,
    gaps.map((gap) => [
      gap.id,
      gap.state === 'open' ? gap.severity : gap.state,
      gap.kind,
      oneLine(gap.subject),
      short(gap.from),
      gap.to === null ? 'now' : short(gap.to),
      duration(Math.max(0, (gap.to === null ? now : Date.parse(gap.to)) - Date.parse(gap.from))),
    ]),
  )
  const details = open.flatMap((gap) => [
    '',
    `${gap.kind} ${oneLine(gap.subject)} (${gap.id})`,
    `  ${oneLine(gap.evidence)}`,
    ...(gap.note === null ? [] : [`  acknowledged by ${gap.by}: ${oneLine(gap.note)}`]),
    `  next: ${oneLine(gap.next)}`,
  ])
  return [...rows, ...(open.length === 0 ? ['', 'none of them is open'] : details)]
}

/** All that is known of one. */
export function gapText(gap: Gap, now: number): readonly string[] {
  const { from, to, openedAt, changedAt, acknowledged, closed } = gap
  const length = duration(Math.max(0, (to ?? now) - from))
  const ended = (at: { readonly at: number; readonly why: string }): string => `${instant(at.at)}: ${oneLine(at.why)}`
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['gap', gap.id],
    ['kind', gap.kind],
    ['about', oneLine(gap.subject)],
    ['receiver', gap.receiver],
    ['destination', gap.destination],
    ['state', gapState(gap) === 'open' ? `open, ${gap.severity}` : gapState(gap)],
    ['interval', `${instant(from)} to ${to === undefined ? 'now' : instant(to)} (${length})`],
    ['noticed', `${instant(openedAt)}${gap.openings > 1 ? `, opened ${gap.openings} times` : ''}`],
    ['changed', changedAt === openedAt ? undefined : instant(changedAt)],
    ['seen', oneLine(gap.evidence)],
    ...Object.entries(gap.facts).map(([name, value]) => [name, oneLine(String(value))] as const),
    ['note', acknowledged && `${instant(acknowledged.at)} by ${acknowledged.by}: ${oneLine(acknowledged.note)}`],
    ['over', closed && ended(closed)],
    ['next', closed === undefined ? oneLine(gap.next) : undefined],
    ['meaning', `docs/gaps.md, ${gap.kind}`],
  ]
  const said = lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const width = Math.max(...said.map(([name]) => name.length))
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

function short(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}

function instant(at: number): string {
  return short(new Date(at).toISOString())
}
