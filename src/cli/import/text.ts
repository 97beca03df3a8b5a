// What an import says to people: while it is at work, and in the end.
import type { DestinationReport, ImportReport, IntervalReport } from '../../pipeline/imports/report.ts'
import { bytes, count } from '../../telemetry/units.ts'
import { type Column, table } from '../table.ts'

/** Intervals that are printed; all that are kept are in the report for programs. */
const mostLines = 20
const barWidth = 24

export function stagingText(name: string, read: number): string {
  return `${name}: copied ${bytes(read)}`
}

interface Progress {
  readonly phase?: string
  readonly done?: number
  readonly of?: number
  readonly waiting?: readonly { readonly where: string; readonly reason?: string }[]
}

/** One line, with a bar. */
export function progressText(name: string, progress: unknown): string {
  const { phase, done = 0, of = 0 } = read(progress)
  const share = of > 0 ? Math.min(1, done / of) : 0
  const full = Math.round(share * barWidth)
  const bar = `[${'█'.repeat(full)}${'░'.repeat(barWidth - full)}] ${Math.floor(share * 100)} %`
  const why = waitingText(progress)
  const what = phase === 'delivering' ? `forwarding, ${done} of ${count(of, 'row')}` : comparingText(done, of)
  return `${name} ${bar} ${what}${why === undefined ? '' : `; ${why}`}`
}

/** Who keeps it waiting, and why; undefined while it goes on. */
export function waitingText(progress: unknown): string | undefined {
  const stuck = read(progress).waiting?.find(({ reason }) => reason !== undefined)
  return stuck && `${stuck.where} waits: ${stuck.reason}`
}

function read(progress: unknown): Progress {
  return (progress ?? {}) as Progress
}

function comparingText(done: number, of: number): string {
  return of === 0 ? 'reading the file' : `reading the stream, ${done} of ${count(of, 'listing')}`
}

const columns: readonly Column[] = [
  { title: '' },
  { title: 'already forwarded', right: true },
  { title: 'forwarded now', right: true },
  { title: 'filtered', right: true },
  { title: 'quarantined', right: true },
]

export function importText(report: ImportReport): string {
  const { dryRun, destinations } = report
  const titles = columns.map((column) =>
    dryRun ? { ...column, title: wouldBe[column.title] ?? column.title } : column,
  )
  return [
    ...fileText(report),
    '',
    ...table(titles, destinations.map(row)),
    ...destinations
      .filter(({ lost }) => lost)
      .map(({ id }) => `${id}: the staged copy was gone before all of it was sent`),
    '',
    ...streamText(report),
    ...(dryRun ? ['', 'nothing was forwarded (--dry-run)'] : []),
  ].join('\n')
}

const wouldBe: Readonly<Record<string, string>> = { 'forwarded now': 'to be forwarded' }

function fileText({ file, receiver }: ImportReport): readonly string[] {
  const { name, rows, unreadable, unreadableReason, events, repeated, from, to } = file
  const span = from === null || to === null ? 'of no known time' : `from ${from} to ${to}`
  const why = unreadableReason === null ? '' : ` (${unreadable === 1 ? '' : 'the first: '}${unreadableReason})`
  return [
    `${name}: ${count(rows, 'row')} ${span}, for ${receiver}`,
    `${count(events, 'event')}; ${count(repeated, 'row')} repeat one; ${count(unreadable, 'row')} cannot be read${why}`,
  ]
}

function row({ id, alreadyForwarded, forwarded, filtered, quarantined }: DestinationReport): readonly string[] {
  return [id, ...[alreadyForwarded, forwarded, filtered, quarantined].map((number) => number.toLocaleString('en-US'))]
}

function streamText({ stream, lackingInStream, lackingInFile }: ImportReport): readonly string[] {
  const { store, objects, unreadable, gone, events } = stream
  const blind = [
    ...(unreadable > 0
      ? [
          `${count(unreadable, 'object')} could not be read: what ${unreadable === 1 ? 'it holds' : 'they hold'} counts as lacking`,
        ]
      : []),
    ...(gone !== null && gone > 0
      ? [
          `${count(gone, 'object')} ${gone === 1 ? 'is' : 'are'} not there any more: what ${gone === 1 ? 'it' : 'they'} held counts as lacking`,
        ]
      : []),
  ]
  return [
    `the stream (${store}) has ${count(events, 'event')} of that time in ${count(objects, 'object')}`,
    ...blind,
    ...lackText('the stream lacks', 'of the file', lackingInStream),
    ...lackText('the file lacks', 'of the stream', lackingInFile),
  ]
}

function lackText(
  who: string,
  whose: string,
  { events, count: intervals, intervals: listed }: IntervalReport,
): readonly string[] {
  if (events === 0) return [`${who} nothing ${whose}`]
  const more = intervals - Math.min(listed.length, mostLines)
  return [
    `${who} ${count(events, 'event')} ${whose}, in ${count(intervals, 'interval')}:`,
    ...listed.slice(0, mostLines).map(({ from, to, events: lacking }) => {
      return `  ${from === to ? from : `${from} to ${to}`}  ${count(lacking, 'event')}`
    }),
    ...(more > 0 ? [`  and ${count(more, 'further interval')} (--json lists them)`] : []),
  ]
}
