import type { DestinationStatus, StatusDocument } from '../admin/status.ts'
import type { Finish } from '../pipeline.ts'

/** What a run has done so far, for people. */
export function caughtUpText(
  { destinations, totals }: StatusDocument,
  addresses?: { readonly admin: string; readonly metrics: string },
  finish?: Finish,
): string {
  const width = Math.max(7, ...destinations.map(({ id }) => id.length)) + 2
  const line = (head: string, text: string): string => `${head.padEnd(width)}${text}`
  const lines = [
    '',
    line('read', `${totals.objects} objects, ${totals.events} events; ${totals.bad} bad lines kept in quarantine`),
    ...destinations.map((destination) => line(destination.id, account(destination))),
    ...(finish?.unswept ?? []).map((id) => line(id, 'could not be looked through completely')),
    ...(finish?.unanswered ?? []).map(({ request, kind }) =>
      line(`${kind} ${request}`, 'is asked for, and not done yet'),
    ),
    ...(finish?.unfinished ?? []).map(({ destination, reason }) => line(destination, `is not done: ${reason}`)),
  ]
  if (addresses !== undefined) {
    lines.push(line('page', `http://${addresses.admin}/`), line('metrics', `http://${addresses.metrics}/metrics`))
    lines.push('following the bucket; stop with Ctrl-C')
  }
  return `${lines.join('\n')}\n`
}

function account({ delivered, duplicates, filtered, quarantined, outstanding, watermark }: DestinationStatus): string {
  const counts = `${delivered} delivered, ${duplicates} duplicates removed, ${filtered} filtered, ${quarantined} quarantined`
  const rest = outstanding.objects === 0 ? '' : `, ${outstanding.objects} objects outstanding`
  return `${counts}${rest}; complete up to ${watermark ?? 'nowhere yet'}`
}
