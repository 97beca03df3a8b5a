import type { DestinationStatus } from '../admin/destination-status.ts'
import type { StatusDocument } from '../admin/status.ts'
import type { Finish } from '../pipeline.ts'

/** What a run has done so far, for people. */
export function caughtUpText(
  { destinations, totals }: Pick<StatusDocument, 'destinations' | 'totals'>,
  addresses?: { readonly admin: string; readonly metrics: string },
  finish?: Finish,
): string {
  const { unswept = [], unanswered = [], unfinished = [] } = finish ?? {}
  const requests = unanswered.map(({ request, kind }) => `${kind} ${request}`)
  const width = Math.max(7, ...[...destinations.map(({ id }) => id), ...unswept, ...requests].map(lengthOf)) + 2
  const line = (head: string, text: string): string => `${head.padEnd(width)}${text}`
  const lines = [
    '',
    line('read', `${totals.objects} objects, ${totals.events} events; ${totals.bad} bad lines kept in quarantine`),
    ...destinations.map((destination) => line(destination.id, account(destination))),
    ...unswept.map((id) => line(id, 'could not be looked through completely')),
    ...requests.map((request) => line(request, 'is asked for, and not done yet')),
    ...unfinished.map(({ destination, reason }) => line(destination, `is not done: ${reason}`)),
  ]
  if (addresses !== undefined) {
    lines.push(line('page', `http://${addresses.admin}/`), line('metrics', `http://${addresses.metrics}/metrics`))
    lines.push('following the bucket; stop with Ctrl-C')
  }
  return `${lines.join('\n')}\n`
}

function lengthOf({ length }: string): number {
  return length
}

function account({ delivered, duplicates, filtered, quarantined, outstanding, watermark }: DestinationStatus): string {
  const counts = `${delivered} delivered, ${duplicates} duplicates removed, ${filtered} filtered, ${quarantined} quarantined`
  const rest = outstanding.objects === 0 ? '' : `, ${outstanding.objects} objects outstanding`
  return `${counts}${rest}; complete up to ${watermark ?? 'nowhere yet'}`
}
