// What processors ask of a record: whose it is, and which action it tells of. Mapping has written both into the record;
// the names are an interface.
import type { LogRecord } from '@circleci-audit-forwarder/contract'

const ownRecords = 'circleci_audit_forwarder.'
const eventPrefix = 'circleci.audit.'

/** Whether the record is one of the forwarder's own: a gap, a heartbeat. No rule about audit events is about those. */
export function isOwn({ eventName = '' }: LogRecord): boolean {
  return eventName.startsWith(ownRecords)
}

/** The action as CircleCI wrote it, empty if it wrote none, and in its one folded spelling. */
export function actionOf({ eventName = '', attributes }: LogRecord): { readonly raw: string; readonly folded: string } {
  const action = attributes['circleci.audit.action']
  return {
    raw: typeof action === 'string' ? action : '',
    folded: eventName.startsWith(eventPrefix) ? eventName.slice(eventPrefix.length) : eventName,
  }
}
