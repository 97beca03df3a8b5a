// One round of fuzzing imports: a stream that is delivered, then files that were written and damaged, all of them imported,
// and judged. A seed and a round's number give the same files for ever; in which order the forwarder takes them it does not
// say, and nothing that is judged depends on it.
import type { DecodedItem } from '../../src/domain/event.ts'
import type { ImportReport } from '../../src/pipeline/imports/report.ts'
import { World } from '../pipeline/imports/world.ts'
import { importedItems } from '../receiver/csv/rows.ts'
import { Chance } from '../simulation/chance.ts'
import { Author, type Written } from './author.ts'
import { fileOf, type WrittenFile } from './csv-author.ts'
import { judged } from './csv-judge.ts'
import { mutated, stored } from './mutations.ts'

/** So small that mutations get beyond them. */
const limits = {
  lineBytes: 8_000,
  singles: 6,
  ratio: 50,
  ratioFloorBytes: 100_000,
  lengthBytes: 200_000,
  chunkItems: 7,
}
/** Asked for at once. */
const together = 25

/** A file as it was imported. */
export interface Imported {
  readonly written: WrittenFile
  /** After mutation, before compression. */
  readonly content: Buffer
  /** Whether the content can be had from what was stored. */
  readonly isWhole: boolean
  readonly report: ImportReport
  /** Decoded by itself. */
  readonly items: readonly DecodedItem[]
}

export interface CsvRound {
  readonly wrong: readonly string[]
  readonly rows: number
  readonly delivered: number
  readonly duplicates: number
  readonly quarantined: number
}

export async function csvRound(seed: number, number: number, files: number): Promise<CsvRound> {
  const chance = new Chance(seed, number)
  const author = new Author(chance.fork(1))
  const world = new World({ decode: { limits } })
  try {
    const streamed = stream(author, chance, world)
    world.start()
    if (streamed.length > 0) await world.rest()
    const imported: Imported[] = []
    for (let at = 0; at < files; at += together) {
      const some = Array.from({ length: Math.min(together, files - at) }, () => damaged(author, chance, streamed))
      const done = await Promise.all(some.map((file) => importOf(file, world)))
      imported.push(...done.filter((one) => one !== undefined))
    }
    await world.rest()
    return judged(streamed, imported, world)
  } finally {
    await world.remove()
  }
}

/** Objects with events, an hour apart. The author’s events are of the two days before. */
function stream(author: Author, chance: Chance, world: World): readonly Written[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const events = author.events()
    const stamp = `2026-03-10T${String(hour).padStart(2, '0')}:30:00`
    const key = `year=2026/month=03/day=10/hour=${String(hour).padStart(2, '0')}/${stamp}_${chance.int(1, 1e9)}`
    const bytes = Buffer.from(events.map(({ text }) => `${text}\n`).join(''))
    if (bytes.length > 0) world.store.put({ key, version: '1', bytes })
    return events
  }).flat()
}

type Damaged = Omit<Imported, 'report' | 'items'> & { readonly bytes: Buffer }

/** Some of the stream's events and some of nobody's, in a file, changed by chance. */
function damaged(author: Author, chance: Chance, streamed: readonly Written[]): Damaged {
  const known = streamed.filter(() => chance.hit(6 / Math.max(6, streamed.length)))
  const events = [...known, ...author.events()].toSorted(() => chance.random() - 0.5)
  const written = fileOf(events, chance)
  const content = torn(mutated(Buffer.from(written.text), chance), chance)
  const { bytes, content: whole } = stored(content, chance)
  return { written, content, isWhole: whole !== undefined, bytes }
}

const tokens = ['"', '""', '\\"', ',', '\n', '\r', ';', 'id,occurred_at\n', '"\n"', '","', 'null', '{""id"":""twice""}']

/** What hurts a CSV file most. */
function torn(bytes: Buffer, chance: Chance): Buffer {
  let result = bytes
  for (let times = chance.hit(0.5) ? 0 : chance.int(1, 3); times > 0; times -= 1) {
    const at = chance.int(0, result.length)
    result = Buffer.concat([
      result.subarray(0, at),
      Buffer.from(chance.pick(tokens)),
      result.subarray(at + chance.int(0, 1)),
    ])
  }
  return result
}

/** On a machine with other things to do; whoever runs rounds says what hangs. */
const patienceMs = 590_000

/** Undefined for a file without events: whoever asked is told so, and nothing of it is kept. */
async function importOf({ bytes, ...file }: Damaged, world: World): Promise<Imported | undefined> {
  const answer = await world.answer(await world.ask(bytes), patienceMs)
  const items = await importedItems(file.content, { limits })
  if ('done' in answer) return { ...file, report: answer.done as ImportReport, items }
  // Of what was stored, not of what it was made of: damage at its very end takes the last row with it.
  const found = await importedItems(bytes, { limits })
  if (found.some(({ event }) => event !== undefined))
    throw new Error(`refused although it holds events: ${answer.refused}`)
  return undefined
}
