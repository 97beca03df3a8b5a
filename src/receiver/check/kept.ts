import type { Finding } from '../../domain/finding.ts'

/** Shorter buffers are warned of, in days. */
export const SHORT_DAYS = 7

/** The store is the buffer, so its expiry is how long a destination may be down. `days` undefined: nothing expires. */
export function keptFinding(days: number | undefined): Finding {
  const what = 'objects are kept long enough'
  if (days === undefined) return { level: 'ok', what, detail: 'no lifecycle rule expires them' }
  const detail = `they expire after ${days === 1 ? '1 day' : `${days} days`}: what a destination has not taken by then is lost to it`
  if (days >= SHORT_DAYS) return { level: 'ok', what, detail }
  return { level: 'warning', what, detail, next: 'keep them longer than any outage you want to survive, e.g. 30 days' }
}
