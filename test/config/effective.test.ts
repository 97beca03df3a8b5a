// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
import { expect, test } from 'vitest'
import { effective } from '../../src/config/effective.ts'
import { type Loaded, parseConfig } from '../../src/config/load.ts'
import { redact } from '../../src/telemetry/redact.ts'
import { components, world } from './components.ts'

const text = `
receivers:
  circleci_audit:
    store: { s3: { bucket: "\${env:TWELVE}", endpoint: "https://user:sekret-inline-5ec4e7ca4a4e@minio" } }
    attributes: { team: security, note: "\${env:SPLUNK_TOKEN}", echo: "see sekret-splunk-0c3f-5ec4e7ca4a4e" }
exporters:
  splunk_hec/soc:
    endpoint: https://splunk
    token: "\${env:SPLUNK_TOKEN}"
    index: "\${file:/run/secrets/token}"
    headers: { authorization: "Bearer \${WORD}", x-inline: sekret-header-inline-5ec4e7ca4a4e }
    proxy_url: http://user:sekret-proxy-5ec4e7ca4a4e@proxy:3128
    timeout: 90s
  console:
service:
  admin: { token: sekret-admin-5ec4e7ca4a4e }
  pipelines: { logs: { receivers: [circleci_audit], exporters: [splunk_hec/soc, console] } }
`

function load(): Promise<Loaded> {
  return parseConfig(text, 'config.yaml', components, world)
}

test('every default is there, as users write it', async () => {
  expect(effective(await load())).toMatchSnapshot()
})

test('no secret is in it, nor in the warnings', async () => {
  const loaded = await load()
  expect(JSON.stringify([effective(loaded), loaded.warnings])).not.toContain('sekret')
})

test('a key in a query is a secret, whatever else the address says', async () => {
  const key = 'sekret-query-5ec4e7ca4a4e'
  const loaded = await parseConfig(
    `
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters: { otlp_http: { endpoint: "https://otlp.acme.dev/v1/logs?tenant=acme&api_key=${key}" } }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [otlp_http] } } }
`,
    'config.yaml',
    components,
    world,
  )
  expect(effective(loaded)).toMatchObject({
    exporters: { otlp_http: { endpoint: 'https://otlp.acme.dev/v1/logs?tenant=acme&api_key=<secret>' } },
  })
  expect(loaded.secrets).toEqual([key])
  expect(loaded.warnings).toMatchObject([
    { path: 'exporters.otlp_http.endpoint', message: 'holds a secret in the file itself' },
  ])
  expect(redact(`POST https://otlp.acme.dev/v1/logs: ${key}`, loaded.secrets)).not.toContain(key)
})

test('without its masks it is a configuration with the same effect', async () => {
  const plain = `
receivers: { circleci_audit: { store: { directory: { path: /a } }, severity: { "user.*": critical }, start_at: -7d } }
processors: { filter: { include: ["*"] } }
exporters: { otlp_http: { endpoint: "http://otel:4318" }, console: { batch: { max_bytes: 4KiB } } }
service: { pipelines: { logs: { receivers: [circleci_audit], processors: [filter], exporters: [otlp_http, console] } } }
`
  const once = await parseConfig(plain, 'a', components, world)
  const twice = await parseConfig(JSON.stringify(effective(once)), 'b', components, world)
  expect(twice.config).toEqual(once.config)
  expect(effective(twice)).toEqual(effective(once))
})

test('where people are told is a secret as a whole, wherever it comes from', async () => {
  const text = (endpoint: string): string => `
receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters: { console: }
service:
  notify: { endpoint: "${endpoint}", headers: { x-key: sekret-key-5ec4e7ca4a4e } }
  pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } }
`
  for (const address of ['https://hooks.acme.dev/sekret-5ec4e7ca4a4e', 'https://hooks.acme.dev/${env:SPLUNK_TOKEN}']) {
    const loaded = await parseConfig(text(address), 'config.yaml', components, world)
    const shown = effective(loaded) as { service: { notify: object } }
    expect(JSON.stringify(shown.service.notify)).toContain('secret')
    expect(JSON.stringify([shown, loaded.warnings])).not.toContain('sekret')
    expect(redact(`POST ${loaded.config.service.notify?.endpoint}`, loaded.secrets)).not.toContain('sekret')
  }
})
