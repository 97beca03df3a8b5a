// Exactly once, with ClickHouse's own engine behind HTTP: connections cut after the commit, the server killed while it
// inserts, the forwarder killed while it waits for an answer, again and again; and a forwarder that was down for longer
// than the server remembers tokens. Rows are counted in a table that merges nothing away.
import { setTimeout as sleep } from 'node:timers/promises'
import { circleciAuditLogs } from '../../../exporters/clickhouse/src/index.ts'
import { ClickHouse } from '../../../exporters/clickhouse/test/engine/front.ts'
import { type Case, inScene, must } from '../stage/case.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const TABLE = 'audit'
/** Inserts whose tokens the table of the second part remembers. */
const SMALL_WINDOW = 4
const BATCH = 25

export const clickHouse: Case = inScene('clickhouse', async (scene, size) => {
  const rounds = size === 'full' ? 100 : 6
  const server = await ClickHouse.start()
  try {
    await createTable(server, 10_000)
    const wanted = await manyRounds(scene, server, rounds)
    await mustBeExact(server, wanted)
    await createTable(server, SMALL_WINDOW)
    const later = await outOfTheWindow(scene, server)
    await mustBeExact(server, later)
    return { rounds, rows: wanted.length, rowsOutOfTheWindow: later.length, missing: 0, repeated: 0 }
  } finally {
    await server.stop()
  }
})

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

/** Each round brings a hundred events and one kind of trouble. Returns every id. */
async function manyRounds(scene: Scene, server: ClickHouse, rounds: number): Promise<readonly string[]> {
  const wanted: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { receiver, ids } = await more(scene, 10)
    wanted.push(...ids)
    if (round === 0) await configure(scene, receiver, server, '100ms')
    await oneLife(scene, server, round)
  }
  await scene.runOnce()
  return wanted
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

/** A forwarder killed around its first insert: its answer is lost, or the server dies with it, or neither. */
async function oneLife(scene: Scene, server: ClickHouse, round: number): Promise<void> {
  await server.forget()
  if (round % 3 === 0) await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  const forwarder = scene.start()
  await forwarder.until('an insert', () => hasInserted(server))
  await sleep(Math.random() * 150)
  if (round % 3 === 1) await server.kill()
  forwarder.kill('SIGKILL')
  await forwarder.exited
  if (round % 3 === 1) await server.restart()
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
async function mustBeExact(server: ClickHouse, wanted: readonly string[]): Promise<void> {
  const sql = `SELECT id FROM ${TABLE} WHERE id NOT LIKE 'foreign-%'`
  const rows = (await server.query<{ id: string }>(sql)).map(({ id }) => id)
  mustBeWhole('clickhouse', wanted, rows)
}

async function countOf(server: ClickHouse): Promise<number> {
  const [row] = await server.query<{ c: string }>(`SELECT count() AS c FROM ${TABLE} WHERE id NOT LIKE 'foreign-%'`)
  return Number(row?.c)
}
