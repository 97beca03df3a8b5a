import { type ConformanceHarness, conformance, type Guarantee } from '@circleci-audit-forwarder/contract/testing'
import { describe, test } from 'vitest'
import { type AckMode, SplunkHecExporter } from '../src/index.ts'
import { FakeHec, idsOf } from './fake-hec.ts'

/** A collector per address would be truer; one for all tests of a kind will do, since each has channels of its own. */
function harness(useAck: boolean, ack: AckMode): ConformanceHarness<Guarantee> {
  const hec = new FakeHec({ useAck })
  return {
    create: (address, { secret, timeoutMs }) => {
      hec.token = secret
      return new SplunkHecExporter({ endpoint: address, token: secret, ack, http: { timeoutMs } })
    },
    behave: hec.behave,
    ids: idsOf,
    maxBodyBytes: 838_860_800,
  }
}

describe('without acknowledgement', () => conformance(harness(false, 'auto'), test))
describe('with acknowledgement', () => conformance(harness(true, 'required'), test))
