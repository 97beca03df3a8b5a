import { type ConformanceHarness, conformance, type Guarantee } from '@circleci-audit-forwarder/contract/testing'
import { describe, test } from 'vitest'
import { Rapid7Exporter } from '../src/index.ts'
import { API_KEY, FakeRapid7, idsOf, TOKEN } from './fake-rapid7.ts'
import { apiAt } from './rapid7-world.ts'

type Harness = ConformanceHarness<Guarantee>

function harness(credentials: (address: string, secret: string) => ConstructorParameters<typeof Rapid7Exporter>[0]) {
  const vendor = new FakeRapid7()
  return {
    create: (address, { secret, timeoutMs }) =>
      new Rapid7Exporter({ ...credentials(address, secret), endpoint: address, http: { timeoutMs } }),
    behave: vendor.behave,
    ids: idsOf,
    maxBodyBytes: 32_767,
    cannot: {
      'reports which record was refused':
        'a request is one event, and a refusal that may be of another cause is doubted once',
    },
  } satisfies Harness
}

describe('by its token', () => {
  conformance({ ...harness((_, secret) => ({ token: secret })), secret: TOKEN }, test)
})

describe('with an API key', () => {
  const options = harness((address, secret) => ({ token: TOKEN, apiKey: secret, api: apiAt(address) }))
  conformance({ ...options, secret: API_KEY }, test)
})
