import { isImportReceiver } from '../../domain/imports.ts'
import { isOwnReceiver } from '../../domain/own-records.ts'
import type { Account, Stop, Watermark } from '../accounts.ts'
import type { Retired } from '../names.ts'
import { nextWatermark } from '../rules.ts'
import type { LedgerTotals } from '../totals.ts'
import type { Connection } from './connection.ts'

interface Standing {
  readonly id: number
  readonly destination: string
  readonly receiver: string
  readonly watermark: number | null
  readonly sweptTo: number | null
  readonly oldest: number | null
}

/** Where the watermarks may go now, and which of them move. Reads only: a forwarder at rest needs no transaction. */
export function standings(db: Connection): { readonly marks: readonly Watermark[]; readonly moves: readonly Move[] } {
  const rows = db.all<Standing>(
    `SELECT r.id, r.destination, r.receiver, r.watermark, s.swept_to AS sweptTo,
       (SELECT min(time) FROM deliveries INDEXED BY outstanding_by_time WHERE route = r.id AND state = 0) AS oldest
     FROM routes r LEFT JOIN sweeps s ON s.receiver = r.receiver WHERE r.active = 1 ORDER BY r.id`,
  )
  const marks: Watermark[] = []
  const moves: Move[] = []
  for (const { id, destination, receiver, watermark, sweptTo, oldest } of rows) {
    const time = nextWatermark(watermark ?? undefined, oldest ?? undefined, sweptTo ?? undefined)
    if (time === undefined) continue
    marks.push({ destination, receiver, time })
    if (time !== watermark) moves.push({ id, time })
  }
  return { marks, moves }
}

export interface Move {
  readonly id: number
  readonly time: number
}

export function advance(db: Connection, moves: readonly Move[]): void {
  for (const { id, time } of moves) db.run('UPDATE routes SET watermark = ? WHERE id = ?', time, id)
}

type Optional = 'watermark' | 'sweptTo' | 'lastObjectTime' | 'lastEvent'
type Nullable<T> = { [K in keyof T]: Exclude<T[K], undefined> | null }
type Counted = Omit<Account, Optional | 'oldest' | 'stop' | 'lastDelivery'> & Nullable<Pick<Account, Optional>>

interface StoredAccount extends Counted {
  readonly id: number
  readonly cause: Stop['cause'] | null
  readonly stopReason: string
  readonly since: number
  readonly deliveredAt: number | null
  readonly deliveredKey: string
  readonly deliveredTime: number
}

/** Of the stream: neither of own records nor of imports. */
export function accounts(db: Connection): Account[] {
  return accountsOf(db, (receiver) => !isOwnReceiver(receiver) && !isImportReceiver(receiver))
}

/** Counters and one index look-up a route, whatever the number of rows. */
export function accountsOf(db: Connection, wanted: (receiver: string) => boolean): Account[] {
  const rows = db.all<StoredAccount>(
    `SELECT r.id, r.destination, r.receiver, r.start_at AS startAt, r.watermark, s.swept_to AS sweptTo, r.delivered,
       r.filtered, r.duplicates, r.quarantined, r.outstanding, r.late, r.late_total AS lateTotal,
       r.lost_objects AS lostObjects, r.lost_bytes AS lostBytes, r.possible_duplicates AS possibleDuplicates,
       r.adopted, r.provisional, r.last_object_time AS lastObjectTime, r.last_event AS lastEvent,
       r.delivered_at AS deliveredAt, r.delivered_key AS deliveredKey, r.delivered_time AS deliveredTime, t.cause, t.reason AS stopReason, t.since
     FROM routes r LEFT JOIN sweeps s ON s.receiver = r.receiver LEFT JOIN stops t ON t.destination = r.destination
     WHERE r.active = 1 ORDER BY r.id`,
  )
  const audit = rows.filter(({ receiver }) => wanted(receiver))
  return audit.map(({ id, cause, stopReason, since, deliveredAt, deliveredKey, deliveredTime, ...counted }) => ({
    ...counted,
    watermark: counted.watermark ?? undefined,
    sweptTo: counted.sweptTo ?? undefined,
    lastObjectTime: counted.lastObjectTime ?? undefined,
    lastEvent: counted.lastEvent ?? undefined,
    lastDelivery: deliveredAt === null ? undefined : { at: deliveredAt, key: deliveredKey, time: deliveredTime },
    oldest: oldest(db, id),
    stop: cause === null ? undefined : { cause, reason: stopReason, since },
  }))
}

type StoredRetired = Omit<Retired, 'watermark' | 'retiredAt' | 'oldest'> &
  Nullable<Pick<Retired, 'watermark' | 'retiredAt'>> & { readonly id: number }

export function retired(db: Connection): Retired[] {
  const rows = db.all<StoredRetired>(
    `SELECT id, destination, receiver, watermark, delivered, outstanding, gone_at AS retiredAt
     FROM routes WHERE active = 0 ORDER BY id`,
  )
  const audit = rows.filter(({ receiver, outstanding }) => {
    return !isOwnReceiver(receiver) && !(isImportReceiver(receiver) && outstanding === 0)
  })
  return audit.map(({ id, ...route }) => ({
    ...route,
    watermark: route.watermark ?? undefined,
    retiredAt: route.retiredAt ?? undefined,
    oldest: oldest(db, id),
  }))
}

function oldest(db: Connection, route: number): Account['oldest'] {
  const row = db.get<{ time: number; key: string; reason: string | null }>(
    `SELECT d.time, o.key, coalesce(d.reason, (
         SELECT i.reason FROM intents i WHERE i.destination = d.destination AND i.reason IS NOT NULL ORDER BY i.id LIMIT 1
       )) AS reason
     FROM deliveries d INDEXED BY outstanding_by_time JOIN objects o ON o.ref = d.object
     WHERE d.route = ? AND d.state = 0 ORDER BY d.time, d.object LIMIT 1`,
    route,
  )
  return row && { time: row.time, key: row.key, reason: row.reason ?? undefined }
}

export function totals(db: Connection): LedgerTotals {
  const row = db.get<LedgerTotals>('SELECT objects, events, bad, altered FROM totals')
  return row === undefined ? { objects: 0, events: 0, bad: 0, altered: 0 } : { ...row }
}

export function stop(db: Connection, destination: string, stopped: Stop | undefined): void {
  if (stopped === undefined) db.run('DELETE FROM stops WHERE destination = ?', destination)
  else {
    const { cause, reason, since } = stopped
    db.run(
      'INSERT OR REPLACE INTO stops (destination, cause, reason, since) VALUES (?, ?, ?, ?)',
      destination,
      cause,
      reason,
      since,
    )
  }
}
