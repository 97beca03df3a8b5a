// One round of fuzzing: a bucket of mutated objects, forwarded to the end, and judged. A seed and a round's number give
// the same bucket for ever.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DecodedItem } from '../../src/domain/event.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { decode } from '../../src/receiver/decode/decode.ts'
import { Chance } from '../simulation/chance.ts'
import { Author, laidOut } from './author.ts'
import { type Exhibit, verdict } from './judge.ts'
import { mutated, stored } from './mutations.ts'
import { forward, MemoryStore } from './world.ts'

/** So small that mutations get beyond them. */
const limits = {
  lineBytes: 8_000,
  singles: 6,
  ratio: 50,
  ratioFloorBytes: 100_000,
  lengthBytes: 200_000,
  chunkItems: 7,
}
/** A round that takes longer hangs, in milliseconds. */
const HANG_MS = 120_000

export interface Round {
  readonly wrong: readonly string[]
  readonly events: number
  readonly delivered: number
  readonly duplicates: number
  readonly quarantined: number
}

export async function round(seed: number, number: number, objects: number): Promise<Round> {
  const exhibits = bucket(new Chance(seed, number), objects)
  const store = new MemoryStore()
  store.put(...exhibits)
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  try {
    const outcome = await inTime(forward(store, ledger, { decode: { limits } }), `round ${number}`)
    const { delivered, duplicates, quarantined } = outcome.account
    const events = outcome.totals.events + outcome.totals.bad
    const decoded = new Map<string, readonly DecodedItem[]>()
    for (const exhibit of exhibits) decoded.set(exhibit.key, await items(exhibit))
    return { wrong: verdict(exhibits, decoded, outcome), events, delivered, duplicates, quarantined }
  } finally {
    ledger.close()
    rmSync(folder, { recursive: true })
  }
}

function bucket(chance: Chance, objects: number): readonly Exhibit[] {
  const author = new Author(chance.fork(1))
  return Array.from({ length: objects }, (_, index) => {
    const events = author.events()
    const before = mutated(Buffer.from(laidOut(events, chance)), chance)
    const { bytes, content } = stored(before, chance)
    const hour = index % 24
    const key = `year=2026/month=3/day=8/hour=${hour}/2026-03-08T${String(hour).padStart(2, '0')}:00:00_${index}`
    const cuts = [chance.int(1, 3_000), chance.int(1, 70_000)]
    return { key, version: `${index}`, bytes, before, content, events, cuts }
  }).filter(({ bytes }) => bytes.length > 0)
}

async function items({ bytes }: Exhibit): Promise<readonly DecodedItem[]> {
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  const found: DecodedItem[] = []
  for await (const chunk of decode(whole(), { limits })) found.push(...chunk.items)
  return found
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
