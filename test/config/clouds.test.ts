// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
import { expect, test } from 'vitest'
import { effective } from '../../src/config/effective.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { type Loaded, parseConfig } from '../../src/config/load.ts'
import { components, world } from './components.ts'

const text = `
receivers:
  circleci_audit/google: { store: { gcs: { bucket: acme-audit, prefix: audit-logs/ } } }
  circleci_audit/azure:
    store: { azure_blob: { account: acmeaudit, container: circleci, sas_token: "\${env:SPLUNK_TOKEN}" } }
    notifications: { azure_queue: { account: acmeaudit, queue: audit, client_id: 1-2-3 } }
  circleci_audit/amazon:
    store: { s3: { bucket: acme-audit } }
    notifications:
      sqs:
        - { queue_url: "https://sqs.us-east-1.amazonaws.com/111122223333/audit" }
        - queue_url: https://sqs.eu-west-1.amazonaws.com/444455556666/audit
          role_arn: arn:aws:iam::444455556666:role/audit-reader
          external_id: acme
exporters: { console: {} }
service:
  pipelines:
    logs: { receivers: [circleci_audit/google, circleci_audit/azure, circleci_audit/amazon], exporters: [console] }
`
const load = (config = text): Promise<Loaded> => parseConfig(config, 'config.yaml', components, world)

test('Google, Azure and several queues are accepted without a warning', async () => {
  const { config, warnings } = await load()
  expect(warnings).toEqual([])
  expect(config.receivers).toMatchObject({
    'circleci_audit/google': { store: { gcs: { bucket: 'acme-audit', prefix: 'audit-logs' } } },
    'circleci_audit/azure': {
      store: { azure_blob: { account: 'acmeaudit', prefix: '', sas_token: world.sources.env['SPLUNK_TOKEN'] } },
      notifications: { azure_queue: { queue: 'audit', visibility_timeout: 60_000 } },
    },
    'circleci_audit/amazon': {
      notifications: { sqs: [{ visibility_timeout: 60_000 }, { external_id: 'acme', visibility_timeout: 60_000 }] },
    },
  })
})

test('what takes effect is shown with its defaults, of one queue and of several, and without the signature', async () => {
  const loaded = await load()
  expect(effective(loaded)).toMatchObject({
    receivers: {
      'circleci_audit/azure': {
        store: { azure_blob: { sas_token: '<secret from env:SPLUNK_TOKEN>' } },
        notifications: { azure_queue: { queue: 'audit', visibility_timeout: '60s' } },
      },
      'circleci_audit/amazon': {
        notifications: { sqs: [{ visibility_timeout: '60s' }, { visibility_timeout: '60s' }] },
      },
    },
  })
  expect(JSON.stringify(effective(loaded))).not.toContain('sekret')
})

test('editors are told of both forms, and of references in each', () => {
  const schema = JSON.stringify(jsonSchema(components))
  const [, sqs = ''] = /"notifications":(\{.*?\}),"sweep"/.exec(schema) ?? []
  const queue = JSON.parse(sqs).properties.sqs
  expect(queue.anyOf.map(({ type }: { type: string }) => type)).toEqual(['object', 'array'])
  const [one, several] = queue.anyOf
  for (const { properties } of [one, several.items]) {
    expect(properties.visibility_timeout.anyOf).toContainEqual({ type: 'string', pattern: '\\$\\{.+\\}' })
  }
})
