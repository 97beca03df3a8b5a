// What an import found and did, as its command prints it and as programs read it. Counts are of rows unless they say
// events: an event that the file has twice is two rows. Times are RFC 3339.
import type { Intervals } from '../../domain/intervals.ts'
import type { Account } from '../../ledger/accounts.ts'
import type { Tallied } from '../../ledger/comparison.ts'
import type { ImportBody } from './body.ts'
import type { Differences } from './compare.ts'

export interface ImportReport {
  readonly file: FileReport
  readonly receiver: string
  /** Nothing was forwarded, and nothing kept. */
  readonly dryRun: boolean
  readonly stream: StreamReport
  /** Events of the file that the stream has not. */
  readonly lackingInStream: IntervalReport
  /** Events of the stream, within the time the file covers, that the file has not. */
  readonly lackingInFile: IntervalReport
  readonly destinations: readonly DestinationReport[]
}

export interface FileReport {
  /** As it was given; `-` is standard input. */
  readonly name: string
  readonly sha256: string
  /** Rows that hold an event, and those that do not: they are in quarantine. */
  readonly rows: number
  readonly unreadable: number
  /** Why the first of those is unreadable. */
  readonly unreadableReason: string | null
  /** Distinct events, and rows with an event that the file has already. */
  readonly events: number
  readonly repeated: number
  /** Of the earliest and the latest event; null if none tells its time. */
  readonly from: string | null
  readonly to: string | null
}

export interface StreamReport {
  /** Where the file's time was looked up. */
  readonly store: string
  /** Objects of that time, and those that could not be read: what they hold is in no count. */
  readonly objects: number
  readonly unreadable: number
  /** Objects of that time that were seen once and are not listed any more. */
  readonly gone: number
  /** Events within the time the file covers. */
  readonly events: number
}

export interface IntervalReport {
  readonly events: number
  /** How many intervals there are. Not all may be listed. */
  readonly count: number
  readonly intervals: readonly { readonly from: string; readonly to: string; readonly events: number }[]
}

/** What became of the file's rows. Where nothing was sent, what would. */
export interface DestinationReport {
  readonly id: string
  /** Rows that were not sent because it has their event. An event that is there twice is two of them. */
  readonly skipped: number
  /** Events that it has from the stream or an earlier import, or will have from the stream. */
  readonly alreadyForwarded: number
  readonly forwarded: number
  readonly filtered: number
  /** Unreadable rows, and what the destination refused. */
  readonly quarantined: number
  /** The staged copy was gone before it was delivered. */
  readonly lost: boolean
}

export function intervalReport({ events, count, listed }: Intervals): IntervalReport {
  const intervals = listed.map(({ from, to, events }) => ({ from: instant(from), to: instant(to), events }))
  return { events, count, intervals }
}

export function instant(time: number): string
export function instant(time: number | undefined): string | null
export function instant(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

/** What a destination's account of the import says. */
export function destinationReport(account: Account, { repeated }: Tallied): DestinationReport {
  const { destination: id, delivered: forwarded, filtered, quarantined, duplicates, lostObjects } = account
  const alreadyForwarded = Math.max(0, duplicates - repeated)
  return { id, skipped: duplicates, alreadyForwarded, forwarded, filtered, quarantined, lost: lostObjects > 0 }
}

export function importReport(
  { name, staged, receiver }: ImportBody,
  store: string,
  found: Differences,
  destinations: readonly DestinationReport[],
): ImportReport {
  const { rows, unreadableRows: unreadable, file: events, repeated } = found
  const span = { from: instant(found.from), to: instant(found.to) }
  const { objects, unreadableObjects, goneObjects, stream } = found
  return {
    file: {
      name,
      sha256: staged,
      rows,
      unreadable,
      unreadableReason: found.unreadableReason ?? null,
      events,
      repeated,
      ...span,
    },
    receiver,
    dryRun: false,
    stream: { store, objects, unreadable: unreadableObjects, gone: goneObjects, events: stream },
    lackingInStream: intervalReport(found.lackingInStream),
    lackingInFile: intervalReport(found.lackingInFile),
    destinations,
  }
}

/** What would become of the rows at each destination that was asked for. Filters are not asked. */
export function rehearsed({ held, file, repeated, unreadableRows }: Differences): readonly DestinationReport[] {
  return Object.entries(held).map(([id, alreadyForwarded]) => {
    const known = { alreadyForwarded, skipped: alreadyForwarded + repeated }
    return { id, ...known, forwarded: file - alreadyForwarded, filtered: 0, quarantined: unreadableRows, lost: false }
  })
}
