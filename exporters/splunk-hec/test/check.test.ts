import { canary, type Scripted } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { hecParts, never } from './hec-world.ts'

test('check: token proven without an event, clock, acknowledgement, index unknown', async () => {
  const { exporter, hec, server } = await hecParts({}, { envelope: { index: 'audit' } })
  const findings = await exporter.check(never)
  expect(hec.stored).toHaveLength(0)
  expect(findings).toMatchObject([
    { level: 'ok', what: 'HTTP Event Collector is healthy' },
    { level: 'ok', what: 'token is accepted' },
    { level: 'warning', what: "clock agrees with the server's", detail: expect.stringMatching(/^\d+ s apart$/) },
    { level: 'warning', what: 'indexer acknowledgement', detail: expect.stringContaining('in memory') },
    { level: 'unknown', what: 'index audit is allowed' },
  ])
  expect(server.arrived.every((request) => !request.body.toString().includes('event'))).toBe(true)
  hec.token = canary('another')
  expect(await exporter.check(never)).toContainEqual(
    expect.objectContaining({ level: 'error', what: 'token is accepted' }),
  )
})

test('check: acknowledgement on, required but off, wrong port', async () => {
  const on = await hecParts({ useAck: true })
  expect(await on.exporter.check(never)).toContainEqual({ level: 'ok', what: 'indexer acknowledgement', detail: 'on' })
  const off = await hecParts({}, { ack: 'required' })
  expect(await off.exporter.check(never)).toContainEqual(
    expect.objectContaining({ level: 'error', what: 'indexer acknowledgement' }),
  )
  const page: Scripted = { kind: 'HTML 200' }
  off.server.answer(page, page)
  expect((await off.exporter.check(never)).filter(({ level }) => level === 'error')).toHaveLength(2)
})

test('check: a certificate that is not verified is said, with the remedy', async () => {
  const { exporter } = await hecParts({}, { http: { tls: { insecureSkipVerify: true } } })
  expect(await exporter.check(never)).toContainEqual(
    expect.objectContaining({ level: 'warning', what: 'certificates are verified', next: 'set tls.ca_file' }),
  )
})
