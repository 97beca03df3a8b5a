// Facts that do not pass: objects that were lost, objects that were altered. Each is noted once, where it happens; here they
// become gaps, one for each cause and incident, however many objects it took. Such a gap does not heal, somebody must
// answer for it; what happens half a day later is another incident.
import type { Gap, Lack, LostSymptom } from '../domain/gaps.ts'
import type { Alteration } from '../ledger/alterations.ts'
import { count } from '../telemetry/units.ts'

/** What comes later than this after the last is another incident, in milliseconds. */
const INCIDENT_MS = 12 * 3_600_000
const SHOWN = 3

/** A lack, and what it is made of, so that more can be added. */
export interface Incident {
  readonly lack: Lack
  /** Undefined if it opens a gap. */
  readonly before: Gap | undefined
}

/** What a loss makes of the gaps that are open. */
export function lost(symptom: LostSymptom, open: readonly Gap[], now: number): Incident {
  const { kind, receiver, destination, key, time, reason } = symptom
  const subject = `${destination} from ${receiver}`
  const before = incident(open, { kind, subject }, now)
  const facts = added(before, key)
  const how =
    kind === 'object_expired' ? 'expired in the bucket before they were delivered' : 'are gone from the bucket'
  const lack: Lack = {
    ...{ kind, subject, receiver, destination, severity: 'critical' },
    from: Math.min(before?.from ?? time, time),
    to: Math.max(before?.to ?? time, time),
    evidence: `${count(facts.objects, 'object')} of ${receiver} ${facts.objects === 1 ? singular(how) : how}, and ${destination} does not have all of them: ${facts.keys}; ${reason}`,
    facts,
    next:
      kind === 'object_expired'
        ? 'make the bucket keep objects for longer; download the audit log of that time as CSV and `import` it'
        : 'find out who deletes from the bucket; download the audit log of that time as CSV and `import` it',
  }
  return { lack, before }
}

function singular(how: string): string {
  return how.replace('are gone', 'is gone').replace('they were', 'it was')
}

/** What an alteration makes of the gaps that are open. */
export function altered(
  { object, kind, evidence, at }: Alteration,
  receiver: string,
  open: readonly Gap[],
  now: number,
): Incident {
  const before = incident(open, { kind: 'object_altered', subject: receiver }, now)
  const facts = added(before, object.key)
  const how =
    kind === 'content'
      ? `its bytes have the sha1 ${evidence}, not the one in its key`
      : `it was version ${evidence} before`
  const lack: Lack = {
    ...{ kind: 'object_altered', subject: receiver, receiver, destination: undefined, severity: 'critical' },
    from: Math.min(before?.from ?? at, at),
    to: Math.max(before?.to ?? at, at),
    evidence: `${count(facts.objects, 'object')} of ${receiver} changed after CircleCI wrote: ${facts.keys}; of the last, ${how}`,
    facts,
    next: 'find out who can write to the bucket; what the objects hold now is forwarded, and the CSV of that time tells what they held',
  }
  return { lack, before }
}

function incident(
  open: readonly Gap[],
  { kind, subject }: Pick<Lack, 'kind' | 'subject'>,
  now: number,
): Gap | undefined {
  return open.find((gap) => gap.kind === kind && gap.subject === subject && now - gap.changedAt < INCIDENT_MS)
}

function added(before: Gap | undefined, key: string): { readonly objects: number; readonly keys: string } {
  const objects = Number(before?.facts['objects'] ?? 0) + 1
  const keys = String(before?.facts['keys'] ?? '')
  if (keys === '') return { objects, keys: key }
  const shown = keys.split(', ')
  return { objects, keys: shown.length < SHOWN && !shown.includes(key) ? `${keys}, ${key}` : keys }
}
