// One of the forwarder's own records as a notice for people: one JSON object that can be understood without knowing any
// log format, and whose `text` says everything in a sentence. The names are an interface like those of the records.
// Rejected: the formats of particular chats and pagers, which are many and change; `text` is what most of them show.
import { jsonText, type LogRecord, recordId } from '@circleci-audit-forwarder/contract'
import { ownPrefix } from '../mapping/own.ts'

/** The body of one request, as UTF-8. */
export function noticeOf(record: LogRecord): Uint8Array {
  const { eventName = '', body, severityText = '', hrTime, resource, attributes } = record
  const notice = {
    event: eventName,
    id: recordId(record),
    time: new Date(Math.floor(hrTime[0] * 1000 + hrTime[1] / 1e6)).toISOString(),
    severity: severityText,
    text: body,
    forwarder: resource.attributes['service.instance.id'],
    attributes: about(attributes),
  }
  return Buffer.from(jsonText(notice))
}

function about(attributes: LogRecord['attributes']): Record<string, unknown> {
  const said = Object.entries(attributes).filter(([name]) => name !== 'log.record.uid')
  return Object.fromEntries(said.map(([name, value]) => [short(name), value]))
}

function short(name: string): string {
  return name.startsWith(ownPrefix) ? name.slice(ownPrefix.length) : name
}
