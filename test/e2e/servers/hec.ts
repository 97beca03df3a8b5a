// A Splunk HTTP Event Collector. Started with `ack`, its token has indexer acknowledgement: requests need a channel and
// are acknowledged once, so many milliseconds
// later (1300 unless told: what Splunk was measured to take). Source: Splunk, "Troubleshoot HTTP Event Collector" and "About HTTP Event Collector
// Indexer Acknowledgment".
import { envelopes } from '../../tools/siem/splunk.ts'
import { serveReceiver } from './handlers.ts'
import type { Reply } from './receiver.ts'

const acknowledges = process.argv[2] === 'ack'
const indexingMs = Number(process.argv[3] ?? 1_300)
const taken: number[] = []

serveReceiver({
  path: '/services/collector/event',
  ids: (body) =>
    envelopes(body)
      .filter(({ sourcetype }) => sourcetype === 'circleci:audit')
      .map(({ event }) => (event as { readonly event_id?: string }).event_id ?? ''),
  own: (body) => envelopes(body).filter(({ sourcetype }) => sourcetype === 'circleci:audit:forwarder'),
  refused: (request) =>
    acknowledges && request.headers['x-splunk-request-channel'] === undefined
      ? said(400, { text: 'Data channel is missing', code: 10 })
      : undefined,
  accepted: () =>
    said(200, { text: 'Success', code: 0, ...(acknowledges ? { ackId: taken.push(Date.now()) - 1 } : {}) }),
  other: (request, body) => (request.url === '/services/collector/ack' ? poll(body) : undefined),
})

function poll(body: string): Reply {
  if (!acknowledges) return said(400, { text: 'ACK is disabled', code: 14 })
  const { acks } = JSON.parse(body) as { acks: readonly number[] }
  return said(200, { acks: Object.fromEntries(acks.map((id) => [id, isIndexed(id)])) })
}

function isIndexed(id: number): boolean {
  const indexed = Date.now() - (taken[id] ?? Number.POSITIVE_INFINITY) >= indexingMs
  if (indexed) taken[id] = Number.POSITIVE_INFINITY
  return indexed
}

function said(status: number, body: object): Reply {
  return { status, body: JSON.stringify(body) }
}
