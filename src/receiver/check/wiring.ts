// Whether what the bucket announces reaches the queue. The bucket's side says which queues, topics and events; what a topic
// or EventBridge then does with them cannot be seen from here.
import { type Finding, failedFinding } from '../../domain/finding.ts'
import type { Announcement, Announces, InspectedStore } from '../inspection.ts'

/** What announces an object however it was uploaded. */
const everyUpload = 's3:ObjectCreated:*'

/** `arn` is the queue's; undefined where it is not known. Never rejects for what the store answers. */
export async function wiringFindings(
  store: InspectedStore,
  arn: string | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const what = `${store.uri} announces new objects to this queue`
  const inspection = store.inspection()
  if (inspection.announces === undefined) {
    return [{ level: 'unknown', what, detail: 'this kind of store does not say whom it tells' }]
  }
  if (arn === undefined) return [{ level: 'unknown', what, detail: "the queue's ARN is not known" }]
  try {
    return [judged(what, await inspection.announces(signal), arn, store.prefix)]
  } catch (error) {
    return [failedFinding(what, error, 'unknown')]
  }
}

/** In words, what a bucket's notifications mean for a queue and the keys under a prefix (without slashes at its ends). */
export function judged(what: string, announces: Announces, arn: string, prefix: string): Finding {
  const keys = prefix === '' ? '' : `${prefix}/`
  const direct = announces.queues.filter((one) => one.arn === arn && covers(one).length > 0)
  const reached = direct.map((one) => reach(one, keys))
  if (reached.includes('all')) return { level: 'ok', what }
  if (reached.includes('some')) {
    const detail = `not all of them: ${direct.map(scope).join('; ')}`
    return { level: 'warning', what, detail, next: `announce ${everyUpload} for keys that begin with "${keys}"` }
  }
  const around = roundabout(announces)
  if (around !== undefined) {
    const detail = `${around}; whether it goes on to the queue cannot be seen from the bucket`
    return { level: 'unknown', what, detail }
  }
  const why = direct.length === 0 ? 'the bucket names no such queue' : `only ${direct.map(scope).join('; ')}`
  const next = `add a notification of ${everyUpload} to ${arn}; until then the sweep finds new objects, later`
  if (announces.believable || direct.length > 0) return { level: 'error', what, detail: why, next }
  return { level: 'unknown', what, detail: `${why}; but not every S3-compatible service tells its notifications` }
}

function covers({ events }: Announcement): readonly string[] {
  return events.filter((event) => event.startsWith('s3:ObjectCreated:'))
}

/** Of the objects under our prefix: all of them, some, or none. CircleCI's keys have no ending to tell them by. */
function reach(one: Announcement, keys: string): 'all' | 'some' | 'none' {
  if (one.suffix !== '') return 'none'
  if (!keys.startsWith(one.prefix)) return one.prefix.startsWith(keys) ? 'some' : 'none'
  return covers(one).includes(everyUpload) ? 'all' : 'some'
}

function scope(one: Announcement): string {
  const suffix = one.suffix === '' ? '' : ` and end with "${one.suffix}"`
  return `${covers(one).join(', ')} for keys that begin with "${one.prefix}"${suffix}`
}

function roundabout({ topics, eventBridge }: Announces): string | undefined {
  const topic = topics.find((one) => covers(one).length > 0)
  if (topic !== undefined) return `the bucket tells the topic ${topic.arn}`
  return eventBridge ? 'the bucket tells EventBridge' : undefined
}
