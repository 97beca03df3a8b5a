// An OTLP receiver that keeps records by id and refuses some of them, as a Collector or a vendor would.
import type { Arrived, VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { decode, encodeResponse, recordIds } from '../../exporters/otlp-http/test/receiver.ts'

export class OtlpReceiver {
  readonly stored: string[] = []
  /** Ids of records it does not take. */
  readonly poison: ReadonlySet<string>
  /** partial: takes the others and says how many it did not. whole: answers 400 and takes none. */
  readonly manner: 'partial' | 'whole'

  constructor(poison: readonly string[], manner: 'partial' | 'whole') {
    this.poison = new Set(poison)
    this.manner = manner
  }

  /** A VendorBehaviour. */
  behave = (request: Arrived): VendorAnswer => {
    const ids = recordIds(decode(request))
    const refused = ids.filter((id) => this.poison.has(id)).length
    if (this.manner === 'whole' && refused > 0) return { status: 400, body: 'attribute too long' }
    this.stored.push(...ids.filter((id) => !this.poison.has(id)))
    return receipt(request, refused)
  }
}

function receipt(request: Arrived, refused: number): VendorAnswer {
  const type = `${request.headers['content-type']}`
  const headers = { 'content-type': type }
  if (type === 'application/x-protobuf') {
    return { status: 200, headers, body: refused === 0 ? '' : encodeResponse(refused, 'attribute too long') }
  }
  const partialSuccess = { rejectedLogRecords: `${refused}`, errorMessage: 'attribute too long' }
  return { status: 200, headers, body: JSON.stringify(refused === 0 ? {} : { partialSuccess }) }
}
