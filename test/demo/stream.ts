// What the forwarder of the demo is set up with, and three weeks of a stream before it, so that it knows what to expect.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
import type { Aws } from '../e2e/stage/aws.ts'
import type { AuditFile, Corpus } from '../e2e/stage/corpus.ts'
import { hec, otlp } from '../e2e/stage/exporters.ts'
import type { Plan } from '../e2e/stage/scene.ts'
import type { Name } from './world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const HISTORY_DAYS = 21
const HISTORY_EVERY = 20 * MINUTE

/** What lay in the bucket before: an object every twenty minutes or so. */
export function history(corpus: Corpus, until: number): readonly AuditFile[] {
  const count = Math.floor((HISTORY_DAYS * DAY) / HISTORY_EVERY)
  return Array.from({ length: count }, (_, index) => {
    return corpus.file(until - (index + 1) * HISTORY_EVERY + ((index * 7919) % 240) * 1_000, 1)
  })
}

/** From now on, and with a silence of three quarters of an hour that is too long at any hour. */
export function plan(aws: Aws, at: (name: Name) => { readonly endpoint: string }): Plan {
  const { notifications, ...store } = aws.settings() as { readonly notifications: { readonly sqs: object } }
  // By the calendar of the demo, in which it passes in seconds.
  const sqs = { ...notifications.sqs, visibility_timeout: '2h' }
  const sweep = { interval: '3s', lookback: '1h' }
  return {
    receiver: { ...store, notifications: { sqs }, start_at: 'now', sweep, silence: { ceiling: '45m' } },
    exporters: exporters(at),
    ownRecords: true,
    logs: { level: 'error', format: 'json' },
  }
}

function exporters(at: (name: Name) => { readonly endpoint: string }): Readonly<Record<Name, object>> {
  const retry = { initial_interval: '500ms', max_interval: '3s' }
  const same = (name: Name) => ({ endpoint: at(name).endpoint, retry, batch: { linger: '50ms' } })
  return {
    clickhouse: { ...same('clickhouse'), username: 'forwarder', password: '${env:CLICKHOUSE_PASSWORD}' },
    splunk_hec: hec(at('splunk_hec'), 200, { index: 'audit' }),
    datadog: { ...same('datadog'), api_key: '${env:DATADOG_KEY}' },
    rapid7: { ...same('rapid7'), token: '${env:RAPID7_TOKEN}' },
    otlp_http: otlp(at('otlp_http')),
  }
}
