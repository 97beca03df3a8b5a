// Every destination that speaks HTTP, in a network whose only way out is a proxy.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { auditRecords, canary, canaryGuid, canaryHex } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exporters } from '../../src/cli/components.ts'
import { canSign } from './certificates.ts'
import { useHere } from './here.ts'
import { PrivateNetwork } from './private-network.ts'

const never = new AbortController().signal

const settings: Readonly<Record<string, object>> = {
  clickhouse: {
    endpoint: 'https://clickhouse.acme.dev',
    database: 'security',
    table: 'audit',
    username: 'f',
    password: canary('ch'),
  },
  datadog: { endpoint: 'https://datadog.acme.dev', api_key: canaryHex(1) },
  otlp_http: { endpoint: 'https://otlp.acme.dev' },
  rapid7: { endpoint: 'https://rapid7.acme.dev', token: canaryGuid(1) },
  splunk_hec: { endpoint: 'https://splunk.acme.dev', token: canaryGuid(2) },
}

describe.skipIf(!canSign)('destinations behind a proxy, with certificates of a private authority', () => {
  let network: PrivateNetwork
  let back: () => void
  const posted: string[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'POST') posted.push(String(request.headers.host))
    request.resume().once('end', () => response.writeHead(503).end())
  }

  beforeAll(async () => {
    network = await PrivateNetwork.start({ names: ['*.acme.dev'], answer, credentials: `f:${canary('proxy')}` })
  })
  afterAll(() => network.stop())
  beforeEach(() => {
    network.through.splice(0)
    posted.splice(0)
    back = useHere({ proxy: network.proxy, ca_file: network.caFile })
  })
  afterEach(() => back())

  function make(type: string, more: object = {}): Exporter {
    const module = exporters.find((each) => each.type === type)!
    return module.create(module.schema.parse({ ...settings[type], ...more }))
  }

  async function sent(exporter: Exporter) {
    const members = auditRecords(1).map((record) => exporter.encode(record))
    const outcome = await exporter.send({ members, token: 't', now: Date.now() }, never)
    await exporter.close()
    expect(JSON.stringify(outcome)).not.toContain(canary('proxy'))
    return outcome
  }

  test('the list is whole', () => {
    const speaking = exporters.filter(({ schema }) => 'shape' in schema && 'proxy_url' in (schema.shape as object))
    expect(speaking.map(({ type }) => type).toSorted()).toEqual(Object.keys(settings))
  })

  test.each(Object.keys(settings))('%s', async (type) => {
    expect(await sent(make(type))).toMatchObject({ status: 'retry' })
    const { host } = new URL((settings[type] as { endpoint: string }).endpoint)
    expect(network.through).toEqual([`${host}:443`])
    expect(posted).toContain(host)
  })

  test('one with a proxy of its own uses that', async () => {
    const outcome = await sent(make('otlp_http', { proxy_url: 'http://127.0.0.1:9' }))
    expect(outcome).toMatchObject({ status: 'retry', reason: expect.stringContaining('ECONNREFUSED') })
    expect(network.through).toEqual([])
  })

  test('one without the authority is stopped, and nothing is sent', async () => {
    back()
    back = useHere({ proxy: network.proxy })
    expect(await sent(make('otlp_http'))).toMatchObject({ status: 'stopped', cause: 'configuration' })
    expect(posted).toEqual([])
  })
})
