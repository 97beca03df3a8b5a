// Somebody answers for a gap. That is an act: who, when and why are on record, in the transaction that ends the gap.
import { z } from 'zod'
import { actRecord } from '../domain/acts.ts'
import { type Gap, gapState } from '../domain/gaps.ts'
import { type RequestKind, RequestRefused, requestKind } from '../domain/request.ts'
import { parsed } from './repairs/parts.ts'
import type { Watching } from './watching.ts'

export const gapsAckBody = z.strictObject({
  id: z.string(),
  /** In the operator's words. */
  note: z.string(),
})

/** What became of it. */
export interface Acknowledged {
  readonly id: string
  readonly kind: Gap['kind']
  readonly state: 'open' | 'acknowledged' | 'healed'
  /** Whether its cause is still there: it is over when that is gone. */
  readonly lasts: boolean
}

export function gapsAck({ watch, acknowledge }: Pick<Watching, 'watch' | 'acknowledge'>): RequestKind {
  return requestKind({
    name: 'gaps.ack',
    parse: (body) => parsed(gapsAckBody, body),
    act: async ({ id, note }, { by, at }): Promise<Acknowledged> => {
      const known = watch?.find(id)
      if (known === undefined) throw new RequestRefused(`there is no gap ${id}`, { hint: '`gaps` lists them' })
      // Begun again after a crash, or acknowledged before.
      if (known.acknowledged?.note === note && known.acknowledged.by === by) return acknowledged(known)
      const body = `the gap ${known.kind} (${known.subject}) is acknowledged`
      const about = { gap_id: id, gap_kind: known.kind, gap_subject: known.subject }
      const record = actRecord({ what: 'gap_acknowledged', by, at, why: note, body, about })
      const gap = acknowledge(id, by, note, [{ record }])
      if (gap === undefined) throw new RequestRefused(`the gap ${id} is over: ${known.closed?.why ?? ''}`)
      return acknowledged(gap)
    },
  })
}

function acknowledged(gap: Gap): Acknowledged {
  return { id: gap.id, kind: gap.kind, state: gapState(gap), lasts: gap.closed === undefined }
}
