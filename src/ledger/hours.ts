import { isImportReceiver } from '../domain/imports.ts'
import { isOwnReceiver } from '../domain/own-records.ts'

/** What came of one receiver in one hour of object time, and what became of it. */
export interface HourCount {
  readonly receiver: string
  /** When the hour begins, in milliseconds since 1970. */
  readonly hour: number
  /** Objects that were seen, whatever became of them; kept for as long as the ledger is. */
  readonly objects: number
  /** Objects that wait, by destination; without those for which none does. */
  readonly outstanding: Readonly<Record<string, number>>
  /** Objects that were lost before they could be delivered, by destination; without those for which none was. */
  readonly lost: Readonly<Record<string, number>>
}

/** The calendar. It asks of rows only what is unsettled, and of all else a count per hour, so that years cost little. */
export interface HourLedger {
  /** Hours that begin at `from` or later and in which something came, oldest first, by receiver. Own records take no part. */
  hours(from: number): readonly HourCount[]
}

export const HOUR_MS = 3_600_000

/** The hour a time lies in. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS
}

/** Own records and imports are nobody's stream: they have no hours to be complete. */
export function isStream(receiver: string): boolean {
  return !isOwnReceiver(receiver) && !isImportReceiver(receiver)
}
