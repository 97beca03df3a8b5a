// What a queue is told of an object, in the envelopes AWS and its look-alikes use.
import type { Chance } from './chance.ts'
import type { Mail } from './queue.ts'
import type { TrueObject } from './truth.ts'

/** A message that announces objects of one bucket. */
export function announcement(bucket: string, objects: readonly TrueObject[], now: number, chance: Chance): Mail {
  const first = objects[0]
  const way = chance.random()
  if (first !== undefined && way < 0.2) return mail([first], JSON.stringify(eventBridge(bucket, first, now)))
  const records = JSON.stringify({ Records: objects.map((object) => record(bucket, object, now, way < 0.3)) })
  return mail(objects, way < 0.6 ? JSON.stringify({ Type: 'Notification', Message: records }) : records)
}

export function testEvent(bucket: string): Mail {
  return {
    kind: 'test',
    objects: [],
    body: JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: bucket }),
  }
}

export function nonsense(serial: number): Mail {
  const bodies = [`not JSON ${serial}`, JSON.stringify({ hello: serial }), JSON.stringify({ Records: [{ serial }] })]
  return { kind: 'unknown', objects: [], body: bodies[serial % bodies.length] as string }
}

function mail(objects: readonly TrueObject[], body: string): Mail {
  return { kind: 'objects', objects, body }
}

function eventBridge(bucket: string, { key, body, version }: TrueObject, now: number) {
  return {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: new Date(now).toISOString(),
    detail: { bucket: { name: bucket }, object: { key, size: body.length, etag: version }, reason: 'PutObject' },
  }
}

/** Sparse: a store that leaves out what must then be asked for. */
function record(bucket: string, { key, body, version }: TrueObject, now: number, sparse: boolean) {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
  return {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: new Date(now).toISOString(),
    s3: {
      bucket: { name: bucket },
      object: sparse ? { key: encoded } : { key: encoded, size: body.length, eTag: `"${version}"` },
    },
  }
}
