// What a table's TTL would do to our rows, asked of the server itself: it computes the expression for an event of today
// and for one of a year ago that arrives today. A TTL on the event's time deletes a backfill as it comes in, and one
// that adds a great number of days passes the end of DateTime and lies in the past.
import type { Finding } from '@circleci-audit-forwarder/contract'
import { qualified, type Target } from './sql.ts'

/** A rule that deletes rows. */
export interface Rule {
  readonly expression: string
  readonly where: string
}

/** The table's TTL as it is written; undefined for none. `full`: engine_full of system.tables. */
export function ttlOf(full: string): string | undefined {
  return / TTL (.*?)(?: SETTINGS |$)/.exec(full)?.[1]
}

/** The rules of a TTL that delete; those that move, compress or aggregate do not. */
export function deletions(ttl: string): readonly Rule[] {
  return topLevelParts(ttl)
    .filter((part) => !/ (TO (DISK|VOLUME)|RECOMPRESS|GROUP BY) /i.test(`${part} `))
    .map((part) => {
      const [, expression = part, where = '1'] = /^(.*?)(?: DELETE)?(?: WHERE (.*))?$/i.exec(part) ?? []
      return { expression, where }
    })
}

function topLevelParts(text: string): readonly string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim())
}

/** Asks whether a row that arrives now would go at once: for an event of today, and for one of a year ago. */
export function fateQuestion(rules: readonly Rule[], retentionDays: number): string {
  const gone = rules.map(
    ({ expression, where }) =>
      `((toUnixTimestamp(toDateTime(${expression})) <= toUnixTimestamp(now())) AND (${where}))`,
  )
  const row = (days: number) =>
    `SELECT now() AS receivedAt, now() - toIntervalDay(${days}) AS eventTime, eventTime AS occurredAt,` +
    ` toDateTime64(eventTime, 9) AS Timestamp, eventTime AS TimestampTime, toUInt32(${retentionDays}) AS sourceTTL`
  const fate = (days: number) => `(SELECT toUInt8(${gone.join(' OR ')}) FROM (${row(days)}))`
  return `SELECT ${fate(0)}, ${fate(365)}`
}

/** What follows from the TTL and the answer; `fate` undefined where the server did not say. */
export function ttlFinding(
  target: Target,
  ttl: string | undefined,
  retentionDays: number,
  fate: readonly unknown[] | undefined,
): Finding {
  const what = 'rows are kept as long as configured'
  const change = `ALTER TABLE ${qualified(target)} MODIFY TTL … (command: schema clickhouse)`
  if (ttl === undefined) {
    if (retentionDays === 0) return { level: 'ok', what, detail: 'the table has no TTL' }
    return {
      level: 'warning',
      what,
      detail: 'retention_days is set and the table has no TTL: nothing is deleted',
      next: change,
    }
  }
  const shown = `TTL ${ttl}`
  if (fate === undefined) return { level: 'unknown', what, detail: `${shown}: what it would do cannot be computed` }
  const [today, lastYear] = fate.map(Number)
  if (today === 1) return { level: 'error', what, detail: `${shown} deletes rows as they arrive`, next: change }
  if (lastYear === 1) {
    const detail = `${shown} deletes an event of a year ago as it arrives: a backfill would vanish`
    return { level: 'warning', what, detail, next: 'count from receivedAt, or backfill less' }
  }
  if (retentionDays > 0) return { level: 'ok', what, detail: shown }
  const next = 'set retention_days if that is meant, or remove the TTL'
  return { level: 'warning', what, detail: `${shown}, and retention_days is not set`, next }
}
