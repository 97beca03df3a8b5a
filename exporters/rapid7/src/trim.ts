// Shortens a line that is too long, in a fixed order and no further than it must: CircleCI's payload goes first, then its
// metadata, then long strings are cut, then the largest remaining parts go. Payload and metadata go as a whole, for a rule
// that reads half a payload is worse off than one that finds none. The event's id is never touched. All of it happens to
// the parsed line, so that what comes out is JSON whatever was taken away. Rejected: cutting the text at the limit, which
// is what Rapid7 does.
import { createHash } from 'node:crypto'
import { unbroken } from './line.ts'
import { isDigits, parseLine } from './parse.ts'

type Members = Readonly<Record<string, unknown>>
/** Takes something away; undefined where there is nothing of the kind. */
type Step = (members: Members, room: number) => Members | undefined

const steps: readonly (readonly [string, Step])[] = [
  ['payload', (members) => without(members, 'payload', ['circleci.audit.payload'])],
  ['metadata', (members) => without(members, 'metadata', metadataIn(members))],
  ['long strings', withShorterStrings],
  ['largest parts', withoutLargest],
]

/** More than `_truncated`, `_trimmed`, `_sha256` and `_bytes` take. */
const MARKS_BYTES = 256
/** Strings are cut to this many UTF-16 code units at the least: ids and names stay whole. */
const SHORTEST_CUT = 128

/**
 * The line with at most `max` bytes of UTF-8, marked: `_trimmed` says what was taken, `_sha256` and `_bytes` are those of
 * the whole line. Undefined where nothing helps. Never throws.
 */
export function trim(line: string, max: number): string | undefined {
  try {
    return trimmed(line, parseLine(line), max - MARKS_BYTES)
  } catch {
    return undefined // no JSON, or nested deeper than can be written: whoever asked has the whole line
  }
}

function trimmed(line: string, whole: Members, room: number): string | undefined {
  const taken: string[] = []
  let members = whole
  for (const [name, step] of steps) {
    const shorter = step(members, room)
    if (shorter === undefined) continue
    members = shorter
    taken.push(name)
    if (sizeOf(members) <= room) return unbroken(JSON.stringify({ ...members, ...marks(line, taken) }))
  }
  return undefined
}

function marks(line: string, taken: readonly string[]): Members {
  const sha256 = createHash('sha256').update(line).digest('hex')
  return { _truncated: true, _trimmed: taken, _sha256: sha256, _bytes: Buffer.byteLength(line) }
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(unbroken(JSON.stringify(value)))
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isDigits(value)
}

function without(members: Members, inEvent: string, inAttributes: readonly string[]): Members | undefined {
  const event = omitted(members['circleci'], [inEvent])
  const attributes = omitted(members['attributes'], inAttributes)
  if (event === undefined && attributes === undefined) return undefined
  return { ...members, ...(attributes && { attributes }), ...(event && { circleci: event }) }
}

function omitted(from: unknown, names: readonly string[]): Members | undefined {
  if (!isMembers(from) || !names.some((name) => Object.hasOwn(from, name))) return undefined
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
}

function metadataIn({ attributes }: Members): readonly string[] {
  return isMembers(attributes)
    ? Object.keys(attributes).filter((name) => name.startsWith('circleci.audit.metadata'))
    : []
}

/** All strings cut to one length: the longest at which the whole fits. */
function withShorterStrings(members: Members, room: number): Members | undefined {
  let [fits, tooLong] = [SHORTEST_CUT, room]
  while (tooLong - fits > 1) {
    const length = (fits + tooLong) >> 1
    if (sizeOf(shortened(members, length)) <= room) fits = length
    else tooLong = length
  }
  const cut = shortened(members, fits)
  return sizeOf(cut) < sizeOf(members) ? cut : undefined
}

function shortened(members: Members, length: number): Members {
  return { ...(shorter(members, length) as Members), event_id: members['event_id'] }
}

function shorter(value: unknown, length: number): unknown {
  if (typeof value === 'string') return value.length <= length ? value : `${atCodePoint(value, length)}…`
  if (Array.isArray(value)) return value.map((item) => shorter(item, length))
  if (!isMembers(value)) return value
  // From entries, so that a key named `__proto__` stays a key.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shorter(item, length)]))
}

/** Never between the halves of a surrogate pair. */
function atCodePoint(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

/** What an event is known by, even when all else had to go. */
const essential = new Set(['id', 'action', 'occurred_at'])

function withoutLargest(members: Members, room: number): Members | undefined {
  const parts = ['circleci', 'attributes', 'resource', 'body'].flatMap((section) => partsOf(section, members[section]))
  let size = sizeOf(members)
  const gone = new Set<string>()
  for (const { path, bytes } of parts.sort((a, b) => b.bytes - a.bytes)) {
    if (size <= room) break
    gone.add(path)
    size -= bytes
  }
  return gone.size === 0 ? undefined : (pruned(members, gone) as Members)
}

interface Part {
  readonly path: string
  readonly bytes: number
}

function partsOf(section: string, value: unknown): readonly Part[] {
  if (value === undefined) return []
  if (!isMembers(value)) return [{ path: section, bytes: sizeOf(value) }]
  const parts = Object.entries(value).filter(([name]) => section !== 'circleci' || !essential.has(name))
  return parts.map(([name, item]) => ({ path: `${section} ${name}`, bytes: sizeOf(name) + sizeOf(item) }))
}

function pruned(members: Members, gone: ReadonlySet<string>): Members {
  const kept = Object.entries(members).filter(([section]) => !gone.has(section))
  return Object.fromEntries(
    kept.map(([section, value]) => {
      if (!isMembers(value)) return [section, value]
      return [section, Object.fromEntries(Object.entries(value).filter(([name]) => !gone.has(`${section} ${name}`)))]
    }),
  )
}
