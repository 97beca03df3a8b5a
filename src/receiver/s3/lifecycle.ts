// What becomes of audit objects with time. The bucket is the buffer, so its expiry is how long a destination may be down;
// and an archived object cannot be read before somebody restores it. CircleCI sets no tags, so rules for tagged objects
// concern none of ours.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
import type { LifecycleRule } from '@aws-sdk/client-s3'
import type { Finding } from '../../domain/finding.ts'
import { keptFinding, SHORT_DAYS } from '../check/kept.ts'

const DAY = 86_400_000
const archives = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** In words, for objects under this prefix (without slashes at its ends). */
export function lifecycleFindings(rules: readonly LifecycleRule[], prefix: string): readonly Finding[] {
  const ours = rules.filter((rule) => rule.Status === 'Enabled' && concerns(rule, prefix))
  const archived = earliest(ours.flatMap((rule) => transitions(rule)))
  return [expiryFinding(ours), ...(archived === undefined ? [] : [archiveFinding(archived)])]
}

/** Days until the rules remove some objects under this prefix by their age. Undefined: they do not. */
export function expiryUnder(rules: readonly LifecycleRule[], prefix: string): number | undefined {
  const ours = rules.filter((rule) => rule.Status === 'Enabled' && concerns(rule, prefix))
  return earliest(ours.flatMap(({ Expiration }) => Expiration?.Days ?? []))
}

/** When the rules remove an object, in milliseconds since 1970: S3 counts days to the midnight (UTC) after. Undefined: never. */
export function expiry(
  rules: readonly LifecycleRule[],
  object: { readonly key: string; readonly size: number; readonly modified: number },
): number | undefined {
  const ours = rules.filter((rule) => rule.Status === 'Enabled' && reaches(rule, object.key, object.size))
  const dates = ours.flatMap(({ Expiration }) => Expiration?.Date?.getTime() ?? [])
  const days = ours.flatMap(({ Expiration }) => Expiration?.Days ?? [])
  return earliest([...dates, ...days.map((count) => Math.ceil((object.modified + count * DAY) / DAY) * DAY)])
}

function reaches(rule: LifecycleRule, key: string, size: number): boolean {
  const { Filter } = rule
  if (Filter?.Tag !== undefined || (Filter?.And?.Tags ?? []).length > 0) return false
  const above = Filter?.ObjectSizeGreaterThan ?? Filter?.And?.ObjectSizeGreaterThan ?? -1
  const below = Filter?.ObjectSizeLessThan ?? Filter?.And?.ObjectSizeLessThan ?? Number.POSITIVE_INFINITY
  return key.startsWith(prefixOf(rule)) && size > above && size < below
}

function prefixOf({ Filter, Prefix }: LifecycleRule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
}

function concerns(rule: LifecycleRule, prefix: string): boolean {
  const { Filter } = rule
  if (Filter?.Tag !== undefined || (Filter?.And?.Tags ?? []).length > 0) return false
  const theirs = prefixOf(rule)
  const keys = prefix === '' ? '' : `${prefix}/`
  return keys.startsWith(theirs) || theirs.startsWith(keys)
}

function transitions({ Transitions = [] }: LifecycleRule): readonly number[] {
  return Transitions.filter(({ StorageClass }) => archives.has(StorageClass ?? '')).map(({ Days }) => Days ?? 0)
}

function earliest(days: readonly number[]): number | undefined {
  return days.length === 0 ? undefined : Math.min(...days)
}

function expiryFinding(rules: readonly LifecycleRule[]): Finding {
  const what = 'objects are kept long enough'
  const dated = rules.find(({ Expiration }) => Expiration?.Date !== undefined)?.Expiration?.Date
  if (dated !== undefined) {
    const detail = `a lifecycle rule removes them all on ${dated.toISOString().slice(0, 10)}`
    return { level: 'warning', what, detail, next: 'let the rule expire them by age instead' }
  }
  return keptFinding(earliest(rules.flatMap(({ Expiration }) => Expiration?.Days ?? [])))
}

function archiveFinding(days: number): Finding {
  const what = 'objects stay readable'
  const detail = `a lifecycle rule archives them after ${days === 1 ? '1 day' : `${days} days`}; then they must be restored to be read`
  if (days >= SHORT_DAYS) return { level: 'ok', what, detail }
  return { level: 'warning', what, detail, next: 'archive them later' }
}
