// What becomes of every body of both corpora once it stands in the queue: it is received once and deleted, whatever it says,
// and kept in quarantine exactly where nobody understands it. What each should come to is stated here by name, not derived
// from what was parsed.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { world } from './scripted.ts'

const key = 'year=2026/month=03/day=15/hour=09/2026-03-15T09:52:30_a1b2c3'
const audit = `audit-logs/${key}`

interface Outcome {
  /** Keys committed as objects to forward. */
  readonly seen?: readonly string[]
  /** Why others that it announces are passed over, in words. */
  readonly ignored?: readonly string[]
  /** Why it is kept in quarantine. */
  readonly quarantined?: string
}

const one: Outcome = { seen: [audit] }
const silent: Outcome = {}
const kept = (quarantined: string): Outcome => ({ quarantined })
const passedOver = (reason: string): Outcome => ({ ignored: [reason] })

const notJson = kept('the body is not a JSON object')
const nobodysEvent = 'neither S3 records nor an EventBridge event'
const nameless = kept('the Event Grid event names no account, container and blob')

const sqs: Record<string, Outcome> = {
  's3-put': one,
  's3-multipart-upload': one,
  's3-several-records': { seen: [audit], ignored: ['outside the prefix', 'in another bucket'] },
  's3-removed-and-created': one,
  's3-lifecycle-only': silent,
  's3-no-records': silent,
  's3-malformed-key-encoding': passedOver('outside the prefix'),
  's3-key-in-utf8': passedOver('outside the prefix'),
  's3-without-etag-size-time': one,
  's3-empty-object': silent,
  's3-test-event': silent,
  'sns-wrapped': one,
  'sns-wrapped-test-event': silent,
  'sns-wrapped-eventbridge': one,
  'sns-subscription-confirmation': kept(`${nobodysEvent} (SNS SubscriptionConfirmation)`),
  'sns-wrapped-text': kept('the SNS message is not a JSON object'),
  'eventbridge-created': one,
  'eventbridge-key-is-not-encoded': passedOver('outside the prefix'),
  'eventbridge-deleted': silent,
  'eventbridge-of-another-service': kept('an EventBridge event not of S3'),
  'eventbridge-without-key': kept('the EventBridge event names no key'),
  'ceph-raw-key': { seen: ['audit-logs/year=2026/month=03/day=15/hour=09/2026-03-15T09:52:30_a+%41c3'] },
  'ceph-encoded-key': one,
  'minio-put': one,
  'record-without-bucket': kept('record 0 names no bucket and key'),
  'records-of-another-service': kept('record 0 has no eventName'),
  'another-shape': kept(nobodysEvent),
  'json-array': notJson,
  'not-json': notJson,
  empty: notJson,
}

const azure: Record<string, Outcome> = {
  'event-grid': one,
  'event-grid-base64': one,
  'event-grid-base64-in-lines': one,
  'event-grid-array': one,
  'event-grid-quoted-etag': one,
  'event-grid-flush-of-a-file': one,
  // The file was made and is written later; its flush announces it.
  'event-grid-created-file-still-empty': silent,
  'event-grid-copy': one,
  'event-grid-encoded-subject': one,
  'event-grid-odd-name': passedOver('outside the prefix'),
  'event-grid-deleted': silent,
  'event-grid-tier-changed': silent,
  'event-grid-lifecycle-completed': silent,
  'event-grid-validation': silent,
  'event-grid-of-another-service': kept('an Event Grid event of type Microsoft.KeyVault.SecretNewVersionCreated'),
  'event-grid-without-a-blob': nameless,
  'event-grid-without-an-account': nameless,
  cloudevents: one,
  'cloudevents-base64': one,
  'cloudevents-subject-without-slash': one,
  'cloudevents-renamed': silent,
  'cloudevents-of-another-service': kept('an Event Grid event of type com.github.pull.create'),
  'base64-of-something-else': notJson,
  'base64-of-s3-records': passedOver('in another bucket'),
  'json-array-of-others': notJson,
}

describe.each([
  { corpus: 'sqs', uri: 's3://acme-circleci-audit', outcomes: sqs },
  { corpus: 'azure-queue', uri: 'azblob://acmeaudit/circleci', outcomes: azure },
])('a body from $corpus', ({ corpus, uri, outcomes }) => {
  const bodies = new URL(`./${corpus}/bodies/`, import.meta.url)

  test('has a stated outcome', () => {
    const files = readdirSync(bodies).filter((file) => file.endsWith('.txt'))
    expect(Object.keys(outcomes).sort()).toEqual(files.map((file) => file.slice(0, -4)).sort())
  })

  test.each(Object.entries(outcomes))('%s is received once, deleted and handled as stated', async (name, outcome) => {
    const body = readFileSync(new URL(`${name}.txt`, bodies), 'utf8')
    // Days later, so that no sweep finds what only the message tells.
    const { clock, store, queue, sink, journal, events, start } = world({
      now: '2026-03-25T12:00:00Z',
      place: { uri, prefix: 'audit-logs' },
    })
    store.put(key)
    queue.send(body)
    const running = start()
    await clock.advance(600_000)
    await running.stop()

    expect(events('messages_received')).toMatchObject([{ count: 1 }])
    expect(events('receive_failed')).toEqual([])
    expect(queue.waiting).toEqual([])
    const done = journal.filter((entry) => entry !== 'see')
    expect(done).toEqual(outcome.quarantined === undefined ? ['delete m1'] : ['quarantine', 'delete m1'])
    expect(sink.quarantined).toEqual(outcome.quarantined === undefined ? [] : [body])
    expect(events('message_quarantined').map(({ reason }) => reason)).toEqual(
      outcome.quarantined === undefined ? [] : [outcome.quarantined],
    )
    expect([...sink.known.keys()].map((known) => known.slice(0, known.lastIndexOf(' ')))).toEqual(outcome.seen ?? [])
    expect([...sink.known.values()].every((how) => how === 'notified')).toBe(true)
    expect(events('objects_ignored').map(({ reason }) => reason)).toEqual(outcome.ignored ?? [])
  })
})
