// The canary through every exporter of the registry, to a server that says yes as each vendor does: it arrives once, as a
// record of the forwarder's own, with the id by which it is looked for.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { canaryGuid, canaryHex } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { exporters } from '../../../src/cli/components.ts'
import { sendCanary } from '../../../src/delivery/canary.ts'
import { canaryRecord } from '../../../src/mapping/canary.ts'

const guid = canaryGuid(1)
const id = '5f0c3c1e-0000-4000-8000-00000000cafe'

/** What each needs to be made, and its vendor's yes. */
const vendors: Readonly<Record<string, { settings: (endpoint: string) => object; yes: [number, string] }>> = {
  otlp_http: { settings: (endpoint) => ({ endpoint }), yes: [200, '{}'] },
  splunk_hec: {
    settings: (endpoint) => ({ endpoint, token: guid, ack: 'off' }),
    yes: [200, '{"text":"Success","code":0}'],
  },
  datadog: { settings: (endpoint) => ({ endpoint, api_key: canaryHex(0xdd) }), yes: [202, '{}'] },
  rapid7: { settings: (endpoint) => ({ endpoint, token: guid }), yes: [204, ''] },
}

let server: Server
let endpoint: string
let yes: [number, string]
const bodies: string[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces)
    bodies.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8'))
    response.writeHead(yes[0], { 'content-type': 'application/json' }).end(yes[1])
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => bodies.splice(0))

const known = exporters.filter(({ type }) => vendors[type] !== undefined)

test.each(known.map((module) => [module.type, module] as const))('%s takes the canary', async (type, module) => {
  const vendor = vendors[type]!
  yes = vendor.yes
  const exporter = module.create(module.schema.parse(vendor.settings(endpoint)))
  const record = canaryRecord({ id, destination: type, now: Date.now(), version: '1.2.3' })
  const flight = { exporter, record, id, clock: systemClock, patienceMs: 1000 }
  const findings = await sendCanary(flight, new AbortController().signal)
  await exporter.close()
  expect(findings[0]).toMatchObject({ level: 'ok', detail: `id ${id}` })
  expect(bodies).toHaveLength(1)
  expect(bodies[0]?.split(id).length, bodies[0]).toBeGreaterThan(1)
  expect(bodies[0]).toContain('circleci_audit_forwarder.canary')
  expect(bodies[0]).toContain('circleci-audit-forwarder')
})
