// What becomes of objects with time. Every storage class of Google's can be read at once, so nothing is ever archived here:
// only deletion counts. https://cloud.google.com/storage/docs/lifecycle

/** One rule of a bucket, as far as it concerns us. */
export interface Rule {
  readonly action?: { readonly type?: string }
  readonly condition?: Condition
}

type Condition = Readonly<Record<string, unknown>>

/** Conditions that no live object without a time of its own fulfils. */
const notOurs = [
  'numNewerVersions',
  'daysSinceNoncurrentTime',
  'noncurrentTimeBefore',
  'daysSinceCustomTime',
  'customTimeBefore',
]

/** Days until some live objects under the prefix (without slashes at its ends) are deleted; undefined if none are. */
export function expiryUnder(rules: readonly Rule[], prefix: string): number | undefined {
  const keys = prefix === '' ? '' : `${prefix}/`
  return earliest(rules, (theirs) => keys.startsWith(theirs) || theirs.startsWith(keys))
}

/** Days until the live object of this name is deleted; undefined if it is not. */
export function expiryOf(rules: readonly Rule[], key: string): number | undefined {
  return earliest(rules, (theirs) => key.startsWith(theirs))
}

function earliest(rules: readonly Rule[], covers: (prefix: string) => boolean): number | undefined {
  const days = rules
    .filter(({ action, condition = {} }) => action?.type === 'Delete' && concerns(condition, covers))
    .map(({ condition = {} }) => Number(condition['age'] ?? 0))
  return days.length === 0 ? undefined : Math.min(...days)
}

// CircleCI's objects have no ending to tell them by. A rule by a date alone concerns what was there before that date.
function concerns(condition: Condition, covers: (prefix: string) => boolean): boolean {
  if (condition['isLive'] === false || notOurs.some((name) => condition[name] !== undefined)) return false
  if (texts(condition['matchesSuffix']).length > 0) return false
  if (condition['age'] === undefined && condition['createdBefore'] !== undefined) return false
  const prefixes = texts(condition['matchesPrefix'])
  return prefixes.length === 0 || prefixes.some(covers)
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
