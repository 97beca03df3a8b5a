// What the forwarder knows of an event beyond what the event says itself: where it lay, where its address is, what the
// operator added. The event goes along as it was written, so attributes made of it would say everything twice.
import { type LogRecord, Members } from '@circleci-audit-forwarder/contract'

/** Attributes that repeat what stands in the original event. */
const repeated = new Set([
  'log.record.uid',
  'client.address',
  'user.id',
  'user.name',
  'error.type',
  'http.request.header.x-client-trace-id',
])

const beyond = new Members((name) => name.startsWith('circleci.audit.') || repeated.has(name))

/** `,"attributes":{…}` with what the event itself does not say; nothing if there is nothing. */
export function attributesBeyond(attributes: LogRecord['attributes']): string {
  const json = beyond.json(attributes)
  return json === '' ? '' : `,"attributes":{${json.slice(1)}}`
}
