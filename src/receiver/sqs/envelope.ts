// What the messages of a queue say. The same upload arrives in five envelopes, depending on how the bucket was wired to the
// queue: S3's own records, the same inside an SNS notification, EventBridge, either through SNS, and look-alikes from
// Ceph and MinIO. A body that none of these explains is not guessed at: the caller keeps it and says so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

/** An object that a message says was written. What the message leaves out must be asked of the store. */
export interface Announced {
  readonly bucket: string
  /** Decoded. */
  readonly key: string
  /** Unquoted ETag. */
  readonly version?: string
  readonly size?: number
  /** When it was written, in milliseconds since 1970. */
  readonly modified?: number
}

export type Notification =
  /** Objects that were created; none for events of other kinds. */
  | { readonly kind: 'objects'; readonly objects: readonly Announced[] }
  /** What S3 sends when a notification is configured. */
  | { readonly kind: 'test' }
  | { readonly kind: 'unknown'; readonly reason: string }

type Json = Readonly<Record<string, unknown>>

/** Reads the body of a queue's message. Total: any string has an answer. */
export function parseNotification(body: string): Notification {
  const message = parse(body)
  if (message === undefined) return unknown('the body is not a JSON object')
  if (typeof message['Message'] !== 'string' || message['Type'] !== 'Notification') return envelope(message)
  const wrapped = parse(message['Message'])
  return wrapped === undefined ? unknown('the SNS message is not a JSON object') : envelope(wrapped)
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

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function child(parent: Json, name: string): Json {
  const value = parent[name]
  return isJson(value) ? value : {}
}

function unknown(reason: string): Notification {
  return { kind: 'unknown', reason }
}
