import { type ConformanceHarness, conformance, type Guarantee } from '@circleci-audit-forwarder/contract/testing'
import { describe, test } from 'vitest'
import { DatadogExporter, type DatadogOptions } from '../src/index.ts'
import { NOW } from './datadog-world.ts'
import { FakeDatadog, idsOf } from './fake-datadog.ts'

function harness(options: Partial<DatadogOptions>): ConformanceHarness<Guarantee> {
  let datadog = new FakeDatadog('', NOW)
  return {
    create: (address, { secret, timeoutMs }) => {
      datadog = new FakeDatadog(secret, NOW)
      const http = { ...options.http, timeoutMs }
      return new DatadogExporter({ ...options, endpoint: address, apiEndpoint: address, apiKey: secret, http })
    },
    behave: (request, scripted) => datadog.behave(request, scripted),
    ids: idsOf,
    maxBodyBytes: 5_000_000,
    largeRecordBytes: 400_000,
  }
}

describe('gzip', () => conformance(harness({}), test))
describe('zstd, late events quarantined', () => {
  conformance(harness({ lateEvents: 'quarantine', oversize: 'quarantine', http: { compression: 'zstd' } }), test)
})
