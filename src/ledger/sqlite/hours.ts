// Objects are counted per hour when they are seen, because rows do not stay for ever; what is outstanding or lost is
// counted when it is asked for, from the indexes over exactly those rows.
import { HOUR_MS, type HourCount, hourOf, isStream } from '../hours.ts'
import type { Connection } from './connection.ts'
import { lost, outstanding } from './rows.ts'
import { noteArrival } from './watch.ts'

/** Called for every object that a receiver sees for the first time. */
export function countHour(db: Connection, receiver: string, time: number): void {
  noteArrival(db, receiver, time)
  db.run(
    'INSERT INTO hours (receiver, hour, objects) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET objects = objects + 1',
    receiver,
    hourOf(time),
  )
}

export function hours(db: Connection, from: number): HourCount[] {
  const waiting = unsettled(db, outstanding, 'outstanding_by_time', from)
  const gone = unsettled(db, lost, 'lost_by_time', from)
  return db
    .all<{ receiver: string; hour: number; objects: number }>(
      'SELECT receiver, hour, objects FROM hours WHERE hour >= ? ORDER BY receiver, hour',
      from,
    )
    .filter(({ receiver }) => isStream(receiver))
    .map((row) => ({ ...row, outstanding: waiting.get(keyOf(row)) ?? {}, lost: gone.get(keyOf(row)) ?? {} }))
}

type Counts = Map<string, Record<string, number>>

function unsettled(db: Connection, state: number, index: string, from: number): Counts {
  const counts: Counts = new Map()
  const rows = db.all<{ destination: string; receiver: string; hour: number; objects: number }>(
    `SELECT r.destination, r.receiver, d.time / ${HOUR_MS} * ${HOUR_MS} AS hour, count(*) AS objects
     FROM routes r JOIN deliveries d INDEXED BY ${index} ON d.route = r.id
     WHERE r.active = 1 AND d.state = ${state} AND d.time >= ? GROUP BY r.id, hour`,
    from,
  )
  for (const row of rows) {
    const key = keyOf(row)
    counts.set(key, { ...counts.get(key), [row.destination]: row.objects })
  }
  return counts
}

function keyOf({ receiver, hour }: { readonly receiver: string; readonly hour: number }): string {
  return `${hour} ${receiver}`
}
