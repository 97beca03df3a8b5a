// Answering for a gap. The forwarder that runs does it, or this process where none does: it is an act, and on record.
import { SetupError } from '../../domain/failures.ts'
import type { Acknowledged } from '../../pipeline/gaps-ack.ts'
import { answered, reading } from '../answered.ts'
import { load } from '../load.ts'
import type { CommonOptions } from '../options.ts'
import { gapOf } from './find.ts'

export interface GapAckOptions extends CommonOptions {
  /** The gap's id, or its beginning. */
  readonly id: string
  readonly note: string
}

/** Acknowledges a gap. 0, or 1 if told to stop before it was done; throws SetupError where there is nothing to answer for. */
export async function acknowledgeGap(options: GapAckOptions): Promise<number> {
  const note = options.note.trim()
  if (note === '')
    throw new SetupError('--note is empty', { hint: 'say why: whoever reads the record later asks that' })
  const loaded = await load(options)
  const { id } = await reading(loaded, (ledger) => gapOf(ledger, options.id))
  const asking = { kind: 'gaps.ack', body: { id, note }, progress: () => 'acknowledging' }
  const done = await answered<Acknowledged>(loaded, asking)
  if (done === undefined) return 1
  console.log(options.json ? JSON.stringify(done) : acknowledgedText(done))
  return 0
}

function acknowledgedText({ id, kind, lasts }: Acknowledged): string {
  const after = lasts
    ? 'its cause is still there: it is over when that is gone, and nobody is reminded of it'
    : 'it is over'
  return `the ${kind} gap ${id} is acknowledged; ${after}`
}
