// CircleCI server, as far as it is known: the CSV of its admin page, whose columns nobody documents, and the objects it keeps
// under `audit-logs/`, whose layout nobody documents either.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { csv } from '../../receiver/csv/rows.ts'
import { type Event, eventsFrom, Place } from './place.ts'

let place: Place
beforeEach(() => {
  place = new Place()
})
afterEach(() => place.remove())

/** Puts an object under a key, some time ago: what was written a moment ago may be written still. */
function put(key: string, body: string | Buffer): void {
  const path = place.path(`bucket/${key}`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, body)
  utimesSync(path, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000))
}

test('the CSV of the admin page is read by its columns’ names, and columns nobody knows are kept', async () => {
  const [first, second] = eventsFrom('2026-03-01T00:00:00Z', 2) as [Event, Event]
  const rows = [first, second].map(({ id, action, occurred_at, actor, scope }) => ({
    ...{ 'Occurred At': occurred_at.replace('T', ' ').replace('Z', ' UTC'), ID: id, Action: action, Actor: actor },
    ...{ Scope: scope, Success: 't', server_hostname: 'circleci.acme.dev', Payload: { note: 'two\nlines' } },
  }))
  const path = place.path('server.csv')
  writeFileSync(path, `\uFEFF${csv(rows, Object.keys(rows[0] ?? {}), '\r\n')}`)
  expect(await place.report(path)).toMatchObject({ file: { rows: 2, unreadable: 0 }, destinations: [{ forwarded: 2 }] })
  expect(place.ids()).toEqual([first.id, second.id])
  expect(place.records()[0]?.attributes).toMatchObject({
    'circleci.audit.action': first['action'],
    'circleci.audit.success': true,
    'circleci.audit.actor.name': 'github: octocat',
    'circleci.audit.payload': { note: 'two\nlines' },
    'circleci.audit.server_hostname': 'circleci.acme.dev',
  })
})

test('objects under audit-logs, in whatever layout, are taken for files, each once', async () => {
  const some = eventsFrom('2026-03-01T00:00:00Z', 9)
  const known = { ...(some[0] as Event), server_version: '4.9' }
  put('audit-logs/2026/03/01/f3.json', JSON.stringify([known, ...some.slice(1, 3)]))
  put(
    'audit-logs/part-0001.gz',
    gzipSync(
      some
        .slice(2, 6)
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(''),
    ),
  )
  put('audit-logs/all', place.text(some))
  place.configure({ receiver: { imports: { prefix: 'audit-logs', interval: '10s' } } })
  await place.once()
  await place.once()
  expect(place.ids().toSorted()).toEqual(some.map(({ id }) => id))
  const record = place.records().find(({ attributes }) => attributes['log.record.uid'] === known.id)
  expect(record?.attributes['circleci_audit_forwarder.source.store']).toBe('import:circleci_audit')
  expect(place.staged()).toEqual([])
})
