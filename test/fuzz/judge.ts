// What must be true of a world that has come to rest, told from what was written and from where things went. It shares no
// code with the decoder: it looks for the events' own bytes.
import { createHash } from 'node:crypto'
import type { DecodedItem } from '../../src/domain/event.ts'
import { addRanges, type Ranges } from '../../src/domain/ranges.ts'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { Written } from './author.ts'
import type { Body, Outcome } from './world.ts'

/** An object, and what it is known to hold. */
export interface Exhibit extends Body {
  readonly events: readonly Written[]
  /** What was compressed, or stored as it is. */
  readonly before: Buffer
  /** What must come out of it; undefined where only decompression could tell. */
  readonly content: Buffer | undefined
}

/** An object decoded by itself. */
export type Decoded = ReadonlyMap<string, readonly DecodedItem[]>

/** What is not as it must be, in words. */
export function verdict(exhibits: readonly Exhibit[], decoded: Decoded, outcome: Outcome): string[] {
  const byKey = Map.groupBy(outcome.quarantine, ({ object }) => object?.key ?? '')
  // A UUID is the same in capitals.
  const ids = new Set(outcome.catcher.ids.map((id) => id.toLowerCase()))
  const kept = (exhibit: Exhibit): readonly QuarantineEntry[] => byKey.get(exhibit.key) ?? []
  return [
    ...accounting(outcome),
    ...exhibits.flatMap((exhibit) => unsound(exhibit, decoded.get(exhibit.key) ?? [])),
    ...exhibits.flatMap((exhibit) => evidence(exhibit, kept(exhibit))),
    ...exhibits.flatMap((exhibit) => missing(exhibit, kept(exhibit), ids, outcome.catcher.texts)),
  ]
}

/** Events in = delivered + duplicates + quarantined, and all at rest. */
function accounting({ account, totals, quarantine, catcher, finish, told }: Outcome): string[] {
  const { delivered, duplicates, quarantined, filtered, outstanding, lostObjects } = account
  const wrong: string[] = []
  const must = (holds: boolean, otherwise: string): void => void (holds || wrong.push(otherwise))
  const out = delivered + duplicates + quarantined
  must(totals.events + totals.bad === out, `${totals.events} events and ${totals.bad} bad stretches in, ${out} out`)
  must(catcher.ids.length === delivered, `${delivered} delivered, ${catcher.ids.length} arrived`)
  must(quarantine.length === quarantined, `${quarantined} quarantined, ${quarantine.length} kept`)
  must(totals.bad === quarantined, `${totals.bad} bad stretches, ${quarantined} quarantined`)
  must(
    outstanding + filtered + lostObjects === 0,
    `outstanding ${outstanding}, filtered ${filtered}, lost ${lostObjects}`,
  )
  must(finish.unfinished.length + finish.unswept.length === 0, `unfinished: ${JSON.stringify(finish)}`)
  for (const text of twice(catcher.texts)) wrong.push(`arrived twice: ${text}`)
  for (const event of told) {
    if (event.type === 'bug')
      wrong.push(`bug in ${event.where}: ${event.error instanceof Error ? event.error.stack : event.error}`)
    if (event.type === 'read_failed') wrong.push(`reading ${event.key} failed: ${event.reason}`)
  }
  return wrong
}

/** Texts that arrived twice although they say when they happened: without that, the same text is no copy. */
function twice(texts: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return texts.filter((text) => {
    if (!seen.has(text)) {
      seen.add(text)
      return false
    }
    return !Number.isNaN(Date.parse((JSON.parse(text) as { occurred_at?: string }).occurred_at ?? ''))
  })
}

/** Items follow each other without a gap, each holds its own bytes, and between them lies nothing but separators. */
function unsound({ key, content }: Exhibit, items: readonly DecodedItem[]): string[] {
  if (content === undefined) return []
  const wrong: string[] = []
  let at = 0
  let own = 0
  for (const { from, to, offset, text, bad } of items) {
    const end = offset + (bad?.length ?? Buffer.byteLength(text))
    if (from !== at || offset < from || end > to) wrong.push(`${key}: [${from}, ${to}) holds [${offset}, ${end})`)
    if (!isNothing(content, own, offset)) wrong.push(`${key}: bytes ${own} to ${offset} are in no item`)
    at = to
    own = end
  }
  if (!isNothing(content, own, content.length)) wrong.push(`${key}: bytes from ${own} on are in no item`)
  return wrong
}

const wrapping = /"(events|items|records)"/i
const separators = /^[\s,[\]\uFEFF]*$/

/** What lies around events belongs to a wrapper, where there may be one. */
function isNothing(content: Buffer, from: number, to: number): boolean {
  return separators.test(content.toString('utf8', from, to)) || wrapping.test(content.toString('latin1'))
}

/** What is kept of the object is what it holds at that place. */
function evidence({ key, content }: Exhibit, entries: readonly QuarantineEntry[]): string[] {
  if (content === undefined) return []
  return entries.flatMap(({ offset, length, bytes, sha256, line, reason }) => {
    const place = content.subarray(offset, offset + length)
    const same = bytes === undefined || place.equals(bytes)
    const hash = createHash('sha256').update(place).digest('hex')
    const before = content.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1
    if (same && hash === sha256 && line === before && reason !== '') return []
    return [`${key}: what is kept of byte ${offset}, line ${line} (${reason}), is not what is there`]
  })
}

/** No event whose bytes are in the object is nowhere. */
function missing(
  { key, content, before, events }: Exhibit,
  entries: readonly QuarantineEntry[],
  ids: ReadonlySet<string>,
  texts: readonly string[],
): string[] {
  const absent = events.filter(({ id, text }) => !ids.has(id) && before.includes(text))
  if (content === undefined) {
    return absent.length > 0 && entries.length === 0 ? [`${key}: ${absent.length} events and no word of them`] : []
  }
  const stretches = joined(entries)
  return absent.flatMap(({ id, text }) => {
    const bytes = Buffer.from(text)
    const at = content.indexOf(bytes)
    const isKept = stretches.some(([from, to]) => from <= at && at + bytes.length <= to)
    if (at === -1 || isKept || texts.some((other) => other.includes(text))) return []
    return [`${key}: event ${id} lies at byte ${at} and is neither delivered nor kept`]
  })
}

/** What is kept, as ranges; what damage has torn apart may be kept side by side. */
function joined(entries: readonly QuarantineEntry[]): Ranges {
  return addRanges(
    [],
    entries.map(({ offset, length }) => [offset, offset + length]),
  )
}
