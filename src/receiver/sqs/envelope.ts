// What an S3 bucket's notifications say. The same upload arrives in five envelopes, depending on how the bucket was wired to
// the queue: S3's own records, the same inside an SNS notification, EventBridge, either through SNS, and look-alikes from
// Ceph and MinIO.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
import { child, isJson, type Json, parsedJson } from '../json.ts'
import { type Announced, type Notification, unknown } from '../notification.ts'

/** What a message about an S3 bucket says; `unknown` for what is none. */
export function s3Notification(message: Json): Notification {
  if (typeof message['Message'] !== 'string' || message['Type'] !== 'Notification') return envelope(message)
  const wrapped = parsedJson(message['Message'])
  return isJson(wrapped) ? envelope(wrapped) : unknown('the SNS message is not a JSON object')
}

function envelope(message: Json): Notification {
  if (message['Event'] === 's3:TestEvent') return { kind: 'test' }
  if (Array.isArray(message['Records'])) return fromRecords(message['Records'])
  if (typeof message['detail-type'] === 'string') return fromEventBridge(message)
  const type = typeof message['Type'] === 'string' ? ` (SNS ${message['Type'].slice(0, 40)})` : ''
  return unknown(`neither S3 records nor an EventBridge event${type}`)
}

function fromRecords(records: readonly unknown[]): Notification {
  const objects: Announced[] = []
  for (const [index, record] of records.entries()) {
    const name = isJson(record) ? record['eventName'] : undefined
    if (!isJson(record) || typeof name !== 'string') return unknown(`record ${index} has no eventName`)
    if (!/^(?:s3:)?ObjectCreated:/.test(name)) continue
    const announced = fromRecord(record)
    if (announced === undefined) return unknown(`record ${index} names no bucket and key`)
    objects.push(announced)
  }
  return { kind: 'objects', objects }
}

function fromRecord(record: Json): Announced | undefined {
  const s3 = child(record, 's3')
  const key = child(s3, 'object')['key']
  if (typeof key !== 'string') return undefined
  return announce(child(s3, 'bucket'), child(s3, 'object'), decoded(key, record['eventSource']), record['eventTime'])
}

function fromEventBridge(message: Json): Notification {
  if (message['detail-type'] !== 'Object Created')
    return message['source'] === 'aws.s3' ? { kind: 'objects', objects: [] } : unknown('an EventBridge event not of S3')
  const detail = child(message, 'detail')
  const key = child(detail, 'object')['key']
  if (typeof key !== 'string') return unknown('the EventBridge event names no key')
  const announced = announce(child(detail, 'bucket'), child(detail, 'object'), key, message['time'])
  return announced === undefined
    ? unknown('the EventBridge event names no bucket')
    : { kind: 'objects', objects: [announced] }
}

function announce(bucket: Json, object: Json, key: string, time: unknown): Announced | undefined {
  if (typeof bucket['name'] !== 'string' || key === '') return undefined
  const etag = object['eTag'] ?? object['etag']
  const modified = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return {
    bucket: bucket['name'],
    key,
    ...(typeof etag === 'string' && etag !== '' ? { version: etag.replaceAll('"', '') } : {}),
    ...(typeof object['size'] === 'number' ? { size: object['size'] } : {}),
    ...(Number.isNaN(modified) ? {} : { modified }),
  }
}

// S3 encodes keys like a form (space as `+`, the rest as %XX), MinIO the slashes too. Ceph sends them as they are, which
// shows in characters that an encoder would not have left. What cannot be decoded was never encoded.
function decoded(key: string, source: unknown): string {
  if (source === 'ceph:s3' && /[=: ]/.test(key)) return key
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}
