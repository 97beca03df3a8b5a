import { bytes, count, duration, oneLine } from '../../telemetry/units.ts'
import { type Column, table } from '../table.ts'
import type { ProfileDocument } from './profile.ts'
import type { Shape } from './shape.ts'

const shownRows = 25

export function profileText(document: ProfileDocument): string {
  return [
    ...overview(document),
    ...section('KEYS', tallies(document.keys.spellings)),
    ...document.keys.foreign.map((key) => `  for example ${key}`),
    ...section('FORMATS', tallies(document.formats)),
    ...section('SEVERITIES', tallies(document.severities)),
    ...section('DAYS', volumes(document.days)),
    ...section('ACTIONS', volumes(document.actions)),
    ...section('BYTES PER DESTINATION, ENCODED, BEFORE COMPRESSION', destinations(document)),
    ...section('ACTIONS NOT IN THE DOCUMENTATION', tallies(document.unknownActions)),
    ...section('FIELDS NOT IN THE DOCUMENTATION', tallies(document.unknownFields)),
    ...section('LINES THAT ARE NO EVENT', tallies(document.bad.reasons)),
    ...section('OBJECTS THAT CANNOT BE READ', tallies(document.objects.unreadable)),
    ...hours(document),
  ]
    .map(oneLine)
    .join('\n')
}

/** One line per path. */
export function shapeText(fields: Shape): string {
  return Object.entries(fields)
    .map(
      ([path, kinds]) =>
        `${path}: ${Object.entries(kinds)
          .map(([kind, number]) => `${kind} ×${number}`)
          .join(', ')}`,
    )
    .join('\n')
}

function overview({
  store,
  from,
  to,
  objects,
  events,
  duplicates,
  latenessSeconds: late,
}: ProfileDocument): readonly string[] {
  const some = objects.truncated ? `, ${objects.read} of them read (--objects): volumes are of those` : ''
  const copies = `${count(duplicates.copies, 'copy', 'copies')} of events seen before${duplicates.complete ? '' : ' (at least)'}`
  const seconds = (value: number) => duration(value * 1000)
  return [
    `${store}, ${from} to ${to}`,
    `${count(objects.listed, 'object')}${some}; ${bytes(objects.storedBytes)} stored, ${bytes(objects.bytes)} of text`,
    `${count(events, 'event')}, ${copies}`,
    late === null
      ? 'no event says when it happened'
      : `an event is in the bucket after ${seconds(late.p50)} (half), ${seconds(late.p90)} (90 %), ${seconds(late.p99)} (99 %), ${seconds(late.max)} at most`,
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}

function tallies(counts: Readonly<Record<string, number>>): readonly string[] {
  return shortened(
    Object.entries(counts).map(([name, number]) => [name, number.toLocaleString('en-US')]),
    [{ title: '' }, { title: '', right: true }],
  )
}

function volumes(all: ProfileDocument['days']): readonly string[] {
  const rows = Object.entries(all).map(([name, { events, bytes: size }]) => [
    name,
    events.toLocaleString('en-US'),
    bytes(size),
  ])
  return shortened(rows, [{ title: '' }, { title: '', right: true }, { title: '', right: true }])
}

function destinations({ destinations: all, days }: ProfileDocument): readonly string[] {
  const number = Math.max(1, Object.keys(days).length)
  const rows = Object.entries(all).map(([type, sizes]) => {
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
    return [type, bytes(total), `${bytes(Math.round(total / number))} a day`]
  })
  return shortened(rows, [{ title: '' }, { title: '', right: true }, { title: '', right: true }])
}

function shortened(rows: readonly (readonly string[])[], columns: readonly Column[]): readonly string[] {
  const lines = table(columns, rows.slice(0, shownRows)).slice(1)
  return rows.length <= shownRows ? lines : [...lines, `and ${rows.length - shownRows} more (--json shows all)`]
}

function hours({ hours: all }: ProfileDocument): readonly string[] {
  const runs = all.runs.slice(0, 5).map(({ from, hours }) => `${count(hours, 'hour')} from ${from}`)
  return section(`HOURS WITHOUT AN OBJECT: ${all.empty} OF ${all.total}`, all.empty === 0 ? ['none'] : runs)
}
