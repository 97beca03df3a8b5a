// What Event Grid says of a storage account's blobs, in its own schema and as CloudEvents: the same facts, `eventType`,
// `topic` and `eventTime` in the one, `type`, `source` and `time` in the other. Key and container are taken from the subject
// and not from `data.url`, which is an address and so encoded one way or another. The version is believed only where
// the event stands for a blob that was committed whole: of a copy, or of a file written in pieces, it may be that of a
// moment before, and a version that never stays would look like an object that was lost. The store is asked then.
// https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
// https://learn.microsoft.com/azure/event-grid/cloud-event-schema
import { isAuditKey } from '../../domain/objects.ts'
import { child, isJson, type Json } from '../json.ts'
import { type Announced, type Notification, unknown } from '../notification.ts'

const CREATED = 'Microsoft.Storage.BlobCreated'
const whole: ReadonlySet<unknown> = new Set(['PutBlob', 'PutBlockList'])

/** Whether it is an event in one of the two schemas, about whatever. */
export function isEventGrid(value: unknown): value is Json {
  return isJson(value) && typeof typeOf(value) === 'string' && typeof value['subject'] === 'string'
}

/** What these events say; `unknown` if one of them is not about a storage account. */
export function eventGridNotification(events: readonly Json[]): Notification {
  const objects: Announced[] = []
  for (const event of events) {
    const type = String(typeOf(event))
    if (type === 'Microsoft.EventGrid.SubscriptionValidationEvent') return { kind: 'test' }
    if (!type.startsWith('Microsoft.Storage.')) return unknown(`an Event Grid event of type ${type.slice(0, 80)}`)
    if (type !== CREATED) continue
    const announced = announce(event)
    if (announced === undefined) return unknown('the Event Grid event names no account, container and blob')
    objects.push(announced)
  }
  return { kind: 'objects', objects }
}

/** Only CloudEvents have a `specversion`; `type` alone is everybody's word. */
function typeOf(event: Json): unknown {
  return event['specversion'] === undefined ? event['eventType'] : event['type']
}

const subject = /^\/?blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s
const account = /\/storageAccounts\/([^/]+)\/?$/i

function announce(event: Json): Announced | undefined {
  const [, container, blob] = subject.exec(String(event['subject'])) ?? []
  const [, owner] = account.exec(String(event['topic'] ?? event['source'])) ?? []
  if (container === undefined || blob === undefined || owner === undefined) return undefined
  const data = child(event, 'data')
  const time = Date.parse(String(event['eventTime'] ?? event['time']))
  return {
    bucket: `${owner.toLowerCase()}/${container}`,
    key: keyOf(blob),
    ...(whole.has(data['api']) ? versionOf(data) : {}),
    ...(typeof data['contentLength'] === 'number' ? { size: data['contentLength'] } : {}),
    ...(Number.isNaN(time) ? {} : { modified: time }),
  }
}

// Documented as the blob's name; should it come encoded all the same, only its decoding has CircleCI's layout.
function keyOf(blob: string): string {
  if (isAuditKey(blob)) return blob
  try {
    const decoded = decodeURIComponent(blob)
    return isAuditKey(decoded) ? decoded : blob
  } catch {
    return blob
  }
}

function versionOf({ eTag }: Json): { readonly version?: string } {
  return typeof eTag === 'string' && eTag !== '' ? { version: eTag.replaceAll('"', '') } : {}
}
