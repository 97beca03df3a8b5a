// The searches of ClickHouse's guide, run on the real engine: they find a forwarder that is dead and an hour that does not
// agree, in both layouts, and nothing when all is well.
import { readFileSync } from 'node:fs'
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { circleciAuditLogs, otelLogs } from '@circleci-audit-forwarder/exporter-clickhouse'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'
import { batchOf, createTable, exporterTo, never } from '../../exporters/clickhouse/test/world.ts'
import { control } from '../../src/domain/control.ts'
import { canaryRecord } from '../../src/mapping/canary.ts'
import { auditEvents, hour, hourSaid, ownRecord } from '../docs/own-hour.ts'
import { openSearch } from '../docs/searches.ts'
import { ownSamples } from '../mapping/own-samples.ts'

const guide = readFileSync(new URL('../../exporters/clickhouse/README.md', import.meta.url), 'utf8')
const searches = [...guide.matchAll(/```sql\n-- (\w+): (the forwarder is dead|hours of which)[^\n]*\n([\s\S]*?)```/g)]

function search(layout: string, about: string): string {
  const found = searches.find(([, table, what]) => table === layout && what === about)
  if (found === undefined) throw new Error(`the guide has no search for ${about} in ${layout}`)
  return found[3] ?? ''
}

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())

test.each([circleciAuditLogs, otelLogs])(
  '$name',
  async (layout) => {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const insert = async (...records: LogRecord[]) => {
      for (const record of records)
        expect(await exporter.send(batchOf([exporter.encode(record)]), never)).toEqual({ status: 'delivered' })
    }
    const dead = () => server.query(search(layout.table, 'the forwarder is dead'))
    const differing = () => server.query<Record<string, string>>(search(layout.table, 'hours of which'))
    const now = Date.now()
    const minutesAgo = (minutes: number): LogRecord => {
      const beat = ownSamples['heartbeat'] as NonNullable<(typeof ownSamples)[string]>
      return ownRecord({ ...beat, id: `beat-${minutes}`, at: now - minutes * 60_000 })
    }
    expect(await dead()).toHaveLength(1)
    await insert(minutesAgo(40), minutesAgo(20))
    expect(await dead()).toHaveLength(1)
    await insert(minutesAgo(10))
    expect(await dead()).toEqual([])

    const told = (revision: number, delivered: number) =>
      ownRecord(control({ ...hourSaid, revision, delivered }, 'i', now))
    const [first, second, third] = auditEvents(3, now) as [LogRecord, LogRecord, LogRecord]
    await insert(first, second, told(2, 3), told(1, 2))
    const [row, ...others] = await differing()
    expect([row?.['hour'], Number(row?.['told_delivered']), Number(row?.['here']), others.length]).toEqual([
      hour.slice(0, 13),
      3,
      2,
      0,
    ])
    await insert(third, first)
    expect(await differing()).toEqual([])
    await exporter.close()
  },
  60_000,
)

const destinationGuide = readFileSync(new URL('../../docs/guides/clickhouse.md', import.meta.url), 'utf8')

function guided(about: string): string {
  const [, search] = new RegExp(`\`\`\`sql\\n-- ${about}\\n([\\s\\S]*?)\`\`\``).exec(destinationGuide) ?? []
  if (search === undefined) throw new Error(`the guide has no search for ${about}`)
  return search
}

test('the searches of the guide find the canary, what came, and what is there twice', async () => {
  await createTable(server, circleciAuditLogs)
  const exporter = exporterTo(server, circleciAuditLogs)
  const id = '11112222-0000-4000-8000-000000000001'
  const canary = canaryRecord({ id, destination: 'clickhouse', now: Date.parse(hour), version: '0.0.0' })
  const rows = auditEvents(3).map((record) => exporter.encode(record))
  expect(await server.query(guided('the canary'))).toEqual([])
  for (const members of [[exporter.encode(canary)], rows, rows.slice(0, 1)])
    expect(await exporter.send(batchOf(members), never)).toEqual({ status: 'delivered' })
  expect(await server.query(guided('the canary'))).toHaveLength(1)
  expect(await server.query(guided('the latest audit events'))).toHaveLength(4)
  const [twice, ...others] = await server.query<{ id: string; copies: string }>(
    guided('events that are there more than once'),
  )
  expect([twice?.id, Number(twice?.copies), others]).toEqual(['event-0', 2, []])
  const [once] = await server.query<{ events: string }>(guided('each event once'))
  expect(Number(once?.events)).toBe(3)
  await exporter.close()
}, 60_000)

test("the page on gaps' search finds those that are open now", async () => {
  await createTable(server, circleciAuditLogs)
  const exporter = exporterTo(server, circleciAuditLogs)
  const sample = (name: string) => ownSamples[name] as NonNullable<(typeof ownSamples)[string]>
  const [opened, closed] = [sample('gap opened'), sample('gap closed')]
  const insert = async (said: typeof opened) => {
    expect(await exporter.send(batchOf([exporter.encode(ownRecord(said))]), never)).toEqual({ status: 'delivered' })
  }
  // As docs/gaps.md prints it.
  const open = () => server.query<Record<string, string>>(openSearch('sql'))
  await insert(opened)
  expect(await open()).toMatchObject([
    { id: opened.attributes['gap_id'], kind: 'delivery_behind', evidence: opened.attributes['gap_evidence'] },
  ])
  await insert(closed)
  expect(await open()).toEqual([])
  // It came back where it was: the same gap.
  await insert({ ...opened, id: `${opened.id.slice(0, -1)}0`, at: closed.at + 60_000 })
  expect(await open()).toHaveLength(1)
  // And was over within the same second.
  await insert({ ...closed, id: `${closed.id.slice(0, -1)}0`, at: closed.at + 60_000 })
  expect(await open()).toEqual([])
  await exporter.close()
}, 60_000)
