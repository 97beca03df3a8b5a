// A gap as it is told to the destinations: that it opened, and that it is over. Both say the same of the gap, so that a
// search for its id finds its whole story, and a SIEM's rule needs one of them only.
import { type Gap, gapState } from './gaps.ts'
import { type OwnRecord, ownId, stamp } from './own-records.ts'

export function gapOpened(gap: Omit<Gap, 'opening'>): OwnRecord {
  const { id, openings, kind, subject, severity, evidence, next, openedAt: at } = gap
  const body = `${kind} (${subject}): ${evidence}; next: ${next}`
  return { kind: 'gap.opened', id: ownId('gap.opened', id, openings), at, level: severity, body, attributes: said(gap) }
}

/** Undefined while it is not over. */
export function gapClosed(gap: Gap): OwnRecord | undefined {
  const { id, openings, kind, subject, closed } = gap
  if (closed === undefined) return undefined
  const body = `${kind} (${subject}) is over: ${closed.why}`
  const attributes = { ...said(gap), gap_closed_because: closed.why }
  return { kind: 'gap.closed', id: ownId('gap.closed', id, openings), at: closed.at, level: 'info', body, attributes }
}

function said(gap: Omit<Gap, 'opening'>): OwnRecord['attributes'] {
  const { id, kind, subject, severity, receiver, destination, from, to, evidence, next, facts, acknowledged } = gap
  const named = Object.fromEntries(Object.entries(facts).map(([name, value]) => [`gap_${name}`, value]))
  return {
    ...named,
    gap_id: id,
    gap_kind: kind,
    gap_subject: subject,
    gap_severity: severity,
    gap_state: gapState(gap),
    gap_from: stamp(from),
    gap_to: stamp(to),
    gap_evidence: evidence,
    gap_next: next,
    gap_note: acknowledged?.note,
    receiver,
    destination,
  }
}
