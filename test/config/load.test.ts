// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Loaded, parseConfig } from '../../src/config/load.ts'
import type { Sources } from '../../src/config/substitute.ts'
import { components, world } from './components.ts'

function load(text: string, sources: Partial<Sources> = {}): Promise<Loaded> {
  return parseConfig(text, 'config.yaml', components, { ...world, sources: { ...world.sources, ...sources } })
}

const example = `
receivers:
  circleci_audit:
    store:
      s3: { bucket: acme-circleci-audit, prefix: /audit-logs/, region: us-east-1, role_arn: "arn:aws:iam::111122223333:role/audit-reader" }
    notifications:
      sqs: { queue_url: "\${env:AUDIT_QUEUE_URL}" }
    sweep: { interval: 2m, lookback: 48h }
    start_at: -7d
processors:
  filter/no_jobs: { exclude: ["workflow.job.*"] }
exporters:
  splunk_hec/soc: { endpoint: "https://http-inputs-acme.splunkcloud.com", token: "\${env:SPLUNK_TOKEN}", index: audit }
  otlp_http: { endpoint: "http://otel-collector:4318" }
  file: { path: /var/log/audit.jsonl, start_at: beginning }
service:
  ledger: { sqlite: { path: /var/lib/circleci-audit-forwarder/ledger.db } }
  admin: { endpoint: 127.0.0.1:8686 }
  telemetry: { metrics: { endpoint: 0.0.0.0:9464 } }
  pipelines:
    logs:          { receivers: [circleci_audit], exporters: [splunk_hec/soc, otlp_http] }
    logs/no_jobs:  { receivers: [circleci_audit], processors: [filter/no_jobs], exporters: [file] }
`
const env = { ...world.sources.env, AUDIT_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/111122223333/audit' }

test('the documented layout is accepted without a warning', async () => {
  const { config, warnings } = await load(example, { env })
  expect(warnings).toEqual([])
  const receiver = config.receivers['circleci_audit']
  expect(receiver).toMatchObject({
    store: { s3: { bucket: 'acme-circleci-audit', prefix: 'audit-logs', force_path_style: false } },
    notifications: { sqs: { queue_url: env.AUDIT_QUEUE_URL, visibility_timeout: 60_000 } },
    sweep: { interval: 120_000, lookback: 172_800_000 },
    start_at: { from: 'ago', ms: 604_800_000 },
  })
  expect(config.exporters['splunk_hec/soc']).toEqual({
    type: 'splunk_hec',
    settings: {
      endpoint: 'https://http-inputs-acme.splunkcloud.com',
      token: 'sekret-splunk-0c3f-5ec4e7ca4a4e',
      index: 'audit',
      headers: {},
      compression: 'gzip',
      timeout: 30_000,
      poll: 1500,
    },
    own_records: true,
    retry: { initial_interval: 1000, max_interval: 300_000 },
    batch: { max_records: 500, max_bytes: 1_000_000, linger: 5000 },
    concurrency: { min: 1, max: 4 },
  })
  expect(config.exporters['file']?.start_at).toEqual({ from: 'beginning' })
  expect(config.processors).toEqual({ 'filter/no_jobs': { type: 'filter', settings: { exclude: ['workflow.job.*'] } } })
  expect(config.service).toMatchObject({
    ledger: { sqlite: { path: '/var/lib/circleci-audit-forwarder/ledger.db' } },
    admin: { endpoint: { host: '127.0.0.1', port: 8686 } },
    telemetry: { metrics: { endpoint: { host: '0.0.0.0', port: 9464 } }, logs: { level: 'info', format: 'auto' } },
    stop_timeout: 25_000,
    heartbeat: { interval: 300_000 },
    deduplication: { window: 604_800_000 },
  })
})

function withConsole(body: string): string {
  return `
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters:
  console:
${body}
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } } }
`
}

test('a component without settings needs no braces', async () => {
  const { config } = await load(withConsole(''))
  expect(config.exporters['console']?.settings).toEqual({})
})

test('a substituted text becomes a number where the schema wants one, and stays text where it wants text', async () => {
  const { config } = await load(
    `
receivers:
  circleci_audit:
    store: { s3: { bucket: "\${DIGITS}", force_path_style: \x24{env:TRUE} } }
exporters:
  splunk_hec:
    endpoint: https://splunk
    token: \${env:DIGITS}
    batch: { max_records: "\${TWELVE}", max_bytes: "\${env:NO:-4096}" }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [splunk_hec] } } }
`.replace('\x24{env:TRUE}', '"${env:TRUE}"'),
  )
  expect(config.receivers['circleci_audit']?.store.s3).toMatchObject({ bucket: '31337', force_path_style: true })
  expect(config.exporters['splunk_hec']?.settings).toMatchObject({ token: '31337' })
  expect(config.exporters['splunk_hec']?.batch).toMatchObject({ max_records: 12, max_bytes: 4096 })
})

test('anchors and merges work, and the key beside a merge wins', async () => {
  const { config } = await load(`
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters:
  splunk_hec/a: &splunk { endpoint: "https://splunk", token: "\${file:/run/secrets/token}", index: a }
  splunk_hec/b: { index: b, <<: *splunk }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [splunk_hec/a, splunk_hec/b] } } }
`)
  const token = 'sekret-from-file-77-5ec4e7ca4a4e'
  expect(config.exporters['splunk_hec/a']?.settings).toMatchObject({ token, index: 'a' })
  expect(config.exporters['splunk_hec/b']?.settings).toMatchObject({ token, index: 'b' })
})

test('unused components and inline secrets are warned of, with their places', async () => {
  const { warnings } = await load(`
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters:
  splunk_hec: { endpoint: "https://splunk", token: sekret-inline-5ec4e7ca4a4e, headers: { x-scope: audit, x-api-key: sekret-key-5ec4e7ca4a4e } }
  console: {}
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [splunk_hec] } } }
`)
  expect(warnings.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
    '4:52 exporters.splunk_hec.token',
    '4:118 exporters.splunk_hec.headers.x-api-key',
    '5:3 exporters.console',
  ])
})

test('secrets are listed for the log to leave out, plain headers are not', async () => {
  const { secrets } = await load(`
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters:
  splunk_hec: { endpoint: "https://splunk", token: "\${SPLUNK_TOKEN}", headers: { x-scope: audit, cookie: sekret-c-5ec4e7ca4a4e } }
service:
  admin: { token: "\${WORD}" }
  pipelines: { logs: { receivers: [circleci_audit], exporters: [splunk_hec] } }
`)
  expect(secrets.toSorted()).toEqual([
    'sekret-c-5ec4e7ca4a4e',
    'sekret-splunk-0c3f-5ec4e7ca4a4e',
    'sekret-word-5ec4e7ca4a4e',
  ])
})

test.for([
  ['now', { from: 'now' }],
  ['beginning', { from: 'beginning' }],
  ['-90m', { from: 'ago', ms: 5_400_000 }],
  ['"2026-01-31T01:00:00+01:00"', { from: 'instant', at: Date.parse('2026-01-31T00:00:00Z') }],
] as const)('start_at: %s', async ([text, expected]) => {
  const { config } = await load(withConsole(`    start_at: ${text}`))
  expect(config.exporters['console']?.start_at).toEqual(expected)
})

test('dollar signs: doubled is literal, alone is itself', async () => {
  const { config } = await load(
    'receivers: { circleci_audit: { store: { directory: { path: "/a$$b/$c/$${X}/${env:NO:-d$e}" } } } }\n' +
      'exporters: { console: {} }\nservice: { pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } } }\n',
  )
  expect(config.receivers['circleci_audit']?.store.directory?.path).toBe('/a$b/$c/${X}/d$e')
})

/** Every path of a value, without the values. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structure)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, structure(item)]))
}

const templates = ['"${env:V}"', "'${V}'", '"a${V}b"', '"${file:/v}"', '"${env:NO:-}${V}"']

test('what is substituted never changes the structure, whatever it holds', async () => {
  const hostile = fc.oneof(
    fc.string({ minLength: 1, unit: 'binary' }),
    fc.string({
      minLength: 1,
      unit: fc.constantFrom('{', '}', '[', ']', ':', ' ', '\n', '-', '#', '"', "'", '$', 'V', '&', '*', '!', '<'),
    }),
    fc.constantFrom('${env:V}', '$${V}', 'null', 'true', '- a', 'a: b', '*x', '<<: *x', '---', '"'),
  )
  const text = (value: string) => `
receivers: { circleci_audit: { store: { directory: { path: /audit } }, attributes: { v: ${value}, w: x } } }
exporters: { console: {} }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } } }
`
  const plain = structure((await load(text('plain'))).config)
  await fc.assert(
    fc.asyncProperty(hostile, fc.constantFrom(...templates), async (value, template) => {
      // Of a file the last line end is left out, and that may be a CR LF.
      fc.pre(!value.endsWith('\r'))
      const { config } = await load(text(template), { env: { V: value }, readFile: () => `${value}\n` })
      expect(structure(config)).toEqual(plain)
      expect(config.receivers['circleci_audit']?.attributes['v']).toContain(value)
    }),
    { numRuns: 100 },
  )
})
