// What every request asks of the HTTP interface itself. The engine in process knows nothing of it.
import { auditRecord, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { circleciAuditLogs, module } from '../src/index.ts'
import { spoken } from './spoken.ts'
import { batchOf, never } from './world.ts'

test('a status is sent when all is done, so that it is the truth: of inserts, questions and checks', async () => {
  const speak = spoken(circleciAuditLogs)
  const server = await FakeServer.start((request) => speak(request, { kind: 'accept' }) ?? { status: 500 })
  const exporter = module.create(module.schema.parse({ endpoint: server.url }))
  const batch = batchOf([circleciAuditLogs.encoder({ workspaceId: '', sourceId: '', retentionDays: 0 })(auditRecord())])
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'delivered' })
  expect(await exporter.stored?.(batch, never)).toEqual([])
  await exporter.check(never)
  const asked = server.arrived.filter(({ method }) => method === 'POST').map(({ path }) => new URL(path, server.url))
  expect(asked.length).toBeGreaterThan(5)
  for (const { searchParams } of asked) {
    expect(Object.fromEntries(searchParams)).toMatchObject({
      wait_end_of_query: '1',
      send_progress_in_http_headers: '0',
    })
  }
  await exporter.close()
  await server.stop()
})
