import { duration } from '@circleci-audit-forwarder/contract'
import { SetupError } from '../domain/failures.ts'

/** What an option says of time, in milliseconds since 1970: RFC 3339, a day, or a time ago such as `7d`. Throws SetupError. */
export function instant(option: string, text: string | undefined, now: number, otherwise: number): number {
  if (text === undefined) return otherwise
  const ago = duration.safeParse(text.replace(/^-/, ''))
  if (ago.success) return now - ago.data
  const time = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new SetupError(`${option} ${text} is no time: write 2026-11-03T00:00:00Z, or 7d for seven days ago`)
  return time
}
