// Exactly once, with ClickHouse's own engine behind HTTP: connections cut after the commit, the server killed while it
// inserts, the forwarder killed while it waits for an answer, again and again; and a forwarder that was down for longer
// than the server remembers tokens. Rows are counted in a table that merges nothing away.
import { setTimeout as sleep } from 'node:timers/promises'
import { circleciAuditLogs } from '../../../exporters/clickhouse/src/index.ts'
import { ClickHouse } from '../../../exporters/clickhouse/test/engine/front.ts'
import type { Insert } from '../../../exporters/clickhouse/test/engine/inserts.ts'
import { type Case, type Figures, inScene, must } from '../stage/case.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole, type Tally } from '../stage/tally.ts'
import { until } from '../stage/until.ts'

const TABLE = 'audit'
/** Inserts whose tokens the table of the second part remembers. */
const SMALL_WINDOW = 4
const BATCH = 25

export const clickHouse: Case = inScene('clickhouse', async (scene, size) => {
  const rounds = size === 'full' ? 100 : 6
  const server = await ClickHouse.start()
  try {
    await createTable(server, 10_000)
    const { wanted, cuts, livesForNothing } = await manyRounds(scene, server, rounds)
    const { missing, repeats } = await mustBeExact(server, wanted)
    await createTable(server, SMALL_WINDOW)
    const later = await outOfTheWindow(scene, server)
    await mustBeExact(server, later)
    const rows = { rows: wanted.length, rowsOutOfTheWindow: later.length }
    return { rounds, ...rows, missing: missing.length, repeated: repeats.size, ...named(cuts), livesForNothing }
  } finally {
    await server.stop()
  }
})

function named(cuts: Played['cuts']): Figures {
  return {
    answersLostAfterCommit: cuts.answer,
    insertsCutByKillOfServer: cuts.server,
    insertsCutByKillOfForwarder: cuts.forwarder,
    ofThoseCommitted: cuts.killedAndCommitted,
  }
}

/** The layout's table without the engine's removal of duplicates: what is there twice must show. */
async function createTable(server: ClickHouse, window: number): Promise<void> {
  await server.query(`DROP TABLE IF EXISTS ${TABLE} SYNC`)
  const ddl = circleciAuditLogs.ddl({ database: 'default', table: TABLE }, {})
  const plain = ddl
    .replace(/ReplacingMergeTree(\([^)]*\))?/, 'MergeTree')
    .replace(/non_replicated_deduplication_window = \d+/, `non_replicated_deduplication_window = ${window}`)
  must(plain.includes('= MergeTree') && plain.includes(`window = ${window}`), `no such table: ${plain}`)
  await server.query(plain)
}

/** What is cut in a round, in turn. */
const troubles = ['answer', 'server', 'forwarder'] as const
type Trouble = (typeof troubles)[number]

/** Of an insert that was cut so. An answer is lost after the commit; the others while the insert was under way. */
const marks: Readonly<Record<Trouble, (insert: Insert) => boolean>> = {
  answer: ({ committed, ending }) => committed && ending === 'cut',
  server: ({ ending }) => ending === 'killed',
  forwarder: ({ ending }) => ending === 'abandoned',
}

/** How often a round is played again because its kill came between two inserts. */
const TRIES_MAX = 20

interface Played {
  /** Every id. */
  readonly wanted: readonly string[]
  /** Inserts that were cut, by how, and how many of those cut by a kill the engine had carried out, or did later. */
  readonly cuts: Readonly<Record<Trouble | 'killedAndCommitted', number>>
  /** Of forwarders, beyond one a round: in the others nothing was cut, and they do not count. */
  readonly livesForNothing: number
}

/** Each round brings a hundred events and one kind of trouble, and is over when that has struck an insert. */
async function manyRounds(scene: Scene, server: ClickHouse, rounds: number): Promise<Played> {
  const wanted: string[] = []
  const cuts = { answer: 0, server: 0, forwarder: 0, killedAndCommitted: 0 }
  let lives = 0
  for (let round = 0; round < rounds; round += 1) {
    const trouble = troubles[round % troubles.length] ?? 'answer'
    let cut: readonly Insert[] = []
    for (let tries = 0; cut.length === 0; tries += 1) {
      must(tries < TRIES_MAX, `round ${round}: in ${tries} lives of a forwarder no insert was cut (${trouble})`)
      const { receiver, ids } = await more(scene, 10)
      wanted.push(...ids)
      if (lives === 0) await configure(scene, receiver, server, '100ms')
      lives += 1
      cut = (await oneLife(scene, server, trouble)).filter(marks[trouble])
    }
    cuts[trouble] += cut.length
    if (trouble !== 'answer') cuts.killedAndCommitted += cut.filter(({ committed }) => committed).length
  }
  await scene.runOnce()
  const ofEach = Math.floor(rounds / troubles.length)
  for (const trouble of troubles) must(cuts[trouble] >= ofEach, `${cuts[trouble]} cuts (${trouble}), not ${ofEach}`)
  return { wanted, cuts, livesForNothing: lives - rounds }
}

async function more(scene: Scene, objects: number): Promise<{ receiver: object; ids: readonly string[] }> {
  const files = Array.from({ length: objects }, (_, n) => scene.corpus.file(Date.now() - n * 60_000, 10))
  const receiver = { ...(await scene.putInFolder(files)), sweep: { interval: '1s' } }
  return { receiver, ids: files.flatMap(({ ids }) => ids) }
}

async function configure(scene: Scene, receiver: object, server: ClickHouse, initial: string): Promise<void> {
  const retry = { initial_interval: initial, max_interval: '30s' }
  const batch = { max_records: BATCH, linger: '20ms' }
  await scene.configure({ receiver, exporters: { clickhouse: { endpoint: server.url, table: TABLE, retry, batch } } })
}

/** A forwarder from its start to its kill, and what became of its inserts. */
async function oneLife(scene: Scene, server: ClickHouse, trouble: Trouble): Promise<readonly Insert[]> {
  await server.forget()
  const stretched = Math.random() < 0.5 ? SLOW_MS : 0
  if (trouble === 'answer') await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  else if (stretched > 0) await server.fault({ kind: 'slow', ms: stretched, on: 'insert' })
  const forwarder = scene.start()
  const begins = trouble === 'answer' ? marks.answer : ({ ending }: Insert) => ending === undefined
  const end = Promise.race([forwarder.exited, sleep(60_000, undefined, { ref: false })])
  const hasBegun = await Promise.race([server.inserts.until(begins).then(() => true), end.then(() => false)])
  must(hasBegun, `no insert to cut (${trouble}); the forwarder's last words:\n${forwarder.stderr.slice(-2000)}`)
  await sleep(Math.random() * (trouble === 'answer' ? 150 : stretched || INSERT_MS))
  if (trouble === 'server') await server.kill()
  forwarder.kill('SIGKILL')
  await forwarder.exited
  if (trouble === 'server') await server.restart()
  await until('every insert has come to its end', () => server.inserts.all.every(isOver))
  return server.inserts.all
}

/** How long an insert takes, and by how much every second one is stretched: a kill is to strike any moment of it. */
const INSERT_MS = 15
const SLOW_MS = 60

/** The engine carries out what it has begun, also for a client that has gone. */
function isOver({ ending, committed }: Insert): boolean {
  return ending !== undefined && (ending !== 'abandoned' || committed)
}

async function hasInserted(server: ClickHouse): Promise<boolean> {
  return (await server.seen()).some(({ kind }) => kind === 'insert')
}

/** An insert whose answer is lost, the forwarder killed, and more inserts of others than the server remembers. */
async function outOfTheWindow(scene: Scene, server: ClickHouse): Promise<readonly string[]> {
  const { receiver, ids } = await more(scene, 2)
  await configure(scene, receiver, server, '30s')
  await server.forget()
  await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  const forwarder = scene.start()
  await forwarder.until('an insert', () => hasInserted(server))
  await forwarder.until('its rows', async () => (await countOf(server)) > 0)
  forwarder.kill('SIGKILL')
  await forwarder.exited
  must((await countOf(server)) > 0, 'nothing was committed: that shows nothing')
  for (let n = 0; n < 3 * SMALL_WINDOW; n += 1) {
    await server.query(`INSERT INTO ${TABLE} (id, eventTime) VALUES ('foreign-${n}', '2026-01-01 00:00:00')`)
  }
  await scene.runOnce()
  return ids
}

/** Every id once, and nothing else of ours. */
async function mustBeExact(server: ClickHouse, wanted: readonly string[]): Promise<Tally> {
  const sql = `SELECT id FROM ${TABLE} WHERE id NOT LIKE 'foreign-%'`
  const rows = (await server.query<{ id: string }>(sql)).map(({ id }) => id)
  return mustBeWhole('clickhouse', wanted, rows)
}

async function countOf(server: ClickHouse): Promise<number> {
  const [row] = await server.query<{ c: string }>(`SELECT count() AS c FROM ${TABLE} WHERE id NOT LIKE 'foreign-%'`)
  return Number(row?.c)
}
