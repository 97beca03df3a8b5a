import type { Arrived, VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { conformance } from '@circleci-audit-forwarder/contract/testing'
import { describe, test } from 'vitest'
import type { Encoding } from '../src/encode.ts'
import { config, OtlpHttpExporter } from '../src/index.ts'
import { decode, encodeResponse, recordIds } from './receiver.ts'

/** A partial success names no record: the suite then expects bisection, and the refusal of the record alone. */
function partial(request: Arrived): VendorAnswer {
  const message = 'attribute too long'
  if (request.headers['content-type'] === 'application/x-protobuf') {
    return { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: encodeResponse(1, message) }
  }
  const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: '1', errorMessage: message } })
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

describe.each<Encoding>(['json', 'proto'])('otlp_http as %s', (encoding) => {
  conformance(
    {
      create: (address, { secret, timeoutMs }) =>
        new OtlpHttpExporter({
          ...config.parse({ endpoint: address, encoding, headers: { authorization: `Bearer ${secret}` } }),
          timeout: timeoutMs,
        }),
      behave: (request, scripted) => {
        if (scripted.kind === 'refuse record') return partial(request)
        return scripted.kind === 'accept' && encoding === 'json'
          ? { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
          : undefined
      },
      ids: (request) => recordIds(decode(request)),
      maxBodyBytes: 20 * 1024 * 1024,
    },
    test,
  )
})
