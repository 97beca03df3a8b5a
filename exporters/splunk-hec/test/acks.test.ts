import type { Outcome } from '@circleci-audit-forwarder/contract'
import { auditRecord, canary, FakeServer, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { SplunkHecExporter } from '../src/index.ts'
import { eventRequests } from './fake-hec.ts'
import { type HecWorld, hecWorld, never } from './hec-world.ts'

async function receiptOf(world: HecWorld, count = 1): Promise<string> {
  const outcome = await world.exporter.send(world.batch(count), never)
  if (outcome.status !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
  return outcome.receipt
}

async function confirmed(world: HecWorld, ...receipts: readonly string[]): Promise<(Outcome | undefined)[]> {
  const settled = await world.exporter.confirm(receipts, never)
  return receipts.map((receipt) => settled.get(receipt))
}

const delivered = { status: 'delivered' }
const repeat = { status: 'retry', ambiguous: true }

test.each([
  ['10', false],
  ['28', true],
])('auto: code %s turns the channel on within the same call, once', async (_code, cloud) => {
  const world = await hecWorld({ useAck: true, cloud })
  const receipt = await receiptOf(world)
  await receiptOf(world)
  expect(world.channels).toEqual([undefined, ...Array(2).fill('00000000-0000-4000-8000-000000000001')])
  expect(await confirmed(world, receipt)).toEqual([delivered])
  expect(world.hec.stored).toHaveLength(2)
})

test('the first poll is after a second, sooner where the acknowledgements run full (code 25)', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const calm = await world.exporter.send(world.batch(), never)
  expect(calm).toMatchObject({ pollAfterMs: 1_000 })
  expect(calm).not.toHaveProperty('notice')
  world.hec.pressure = 25
  const full = { status: 'accepted', pollAfterMs: 250, notice: 'ACK approaching capacity (code 25)' }
  expect(await world.exporter.send(world.batch(), never)).toMatchObject(full)
  world.hec.pressure = 24
  const busy = { pollAfterMs: 1_000, notice: 'HEC is healthy, queue approaching capacity (code 24)' }
  expect(await world.exporter.send(world.batch(), never)).toMatchObject({ status: 'accepted', ...busy })
})

test('off: a token that wants a channel stops the destination', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'off' })
  const outcome = await world.exporter.send(world.batch(), never)
  expect(outcome).toMatchObject({ status: 'stopped', reason: expect.stringContaining('set ack: auto') })
  expect(world.server.arrived).toHaveLength(1)
})

test('a channel that never arrives is no loop', async () => {
  const missing = JSON.stringify({ text: 'Data channel is missing', code: 10 })
  const server = await FakeServer.start(() => ({ status: 400, body: missing }))
  const exporter = new SplunkHecExporter({ endpoint: server.url, token: canary('hec') })
  const batch = { members: [exporter.encode(auditRecord())], token: 't', now: 0 }
  expect(await exporter.send(batch, never)).toMatchObject({
    status: 'stopped',
    reason: expect.stringContaining('proxies'),
  })
  expect(server.arrived).toHaveLength(2)
  await exporter.close()
  await server.stop()
})

test('auto with a token that does not acknowledge: 200 is delivered, no channel is sent', async () => {
  const world = await hecWorld()
  expect(await world.exporter.send(world.batch(), never)).toEqual(delivered)
  expect(world.channels).toEqual([undefined])
})

test('required with a token that does not acknowledge stops', async () => {
  const world = await hecWorld({}, { ack: 'required' })
  expect(await world.exporter.send(world.batch(), never)).toMatchObject({ status: 'stopped', cause: 'configuration' })
})

test('pending is absent; true is delivered once and the receipt forgotten', async () => {
  const world = await hecWorld({ useAck: true, acknowledges: false }, { ack: 'required' })
  const receipts = [await receiptOf(world), await receiptOf(world)]
  expect(await confirmed(world, ...receipts)).toEqual([undefined, undefined])
  world.hec.acknowledges = true
  expect(await confirmed(world, ...receipts)).toEqual([delivered, delivered])
  expect(await confirmed(world, receipts[0]!)).toMatchObject([repeat])
})

test('S2: never acknowledged: after 300 s retry, and later requests go to a new channel', async () => {
  const world = await hecWorld({ useAck: true, acknowledges: false }, { ack: 'required' })
  const receipt = await receiptOf(world)
  world.now += 299_999
  expect(await confirmed(world, receipt)).toEqual([undefined])
  world.now += 1
  expect(await confirmed(world, receipt)).toMatchObject([{ ...repeat, reason: 'not acknowledged: within 300 s' }])
  await receiptOf(world)
  expect(new Set(world.channels).size).toBe(2)
})

test('S2: an acknowledgement told once and lost on the way never comes again: resent on a new channel', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const receipt = await receiptOf(world)
  world.hec.losesAcks = true
  expect(await confirmed(world, receipt)).toEqual([undefined])
  world.hec.losesAcks = false
  world.now += 299_999
  expect(await confirmed(world, receipt)).toEqual([undefined])
  world.now += 1
  expect(await confirmed(world, receipt)).toMatchObject([repeat])
  expect(await confirmed(world, await receiptOf(world))).toEqual([delivered])
  expect(new Set(world.channels).size).toBe(2)
})

test('S2: an indexer that crashes before it has stored what it took acknowledges nothing: the batch goes again', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const receipt = await receiptOf(world)
  world.hec.crash()
  expect(await confirmed(world, receipt)).toEqual([undefined])
  world.now += 300_000
  expect(await confirmed(world, receipt)).toMatchObject([repeat])
  expect(await confirmed(world, await receiptOf(world))).toEqual([delivered])
  expect(world.hec.ids).toEqual(['record-0000'])
})

test('S2: code 14 at the poll: taken counts as delivered, and check warns', async () => {
  const world = await hecWorld({ useAck: true })
  const receipt = await receiptOf(world)
  world.hec.useAck = false
  expect(await confirmed(world, receipt)).toEqual([delivered])
  expect(await world.exporter.send(world.batch(), never)).toEqual(delivered)
  expect(await world.exporter.check(never)).toContainEqual(
    expect.objectContaining({ level: 'warning', detail: expect.stringContaining('switched off while in use') }),
  )
  const strict = await hecWorld({ useAck: true }, { ack: 'required' })
  const other = await receiptOf(strict)
  strict.hec.useAck = false
  expect(await confirmed(strict, other)).toMatchObject([{ status: 'stopped', cause: 'configuration' }])
})

test('receipts of an earlier process go again', async () => {
  const world = await hecWorld({ useAck: true })
  expect(await confirmed(world, 'channel/0/1')).toMatchObject([repeat])
  expect(world.server.arrived).toHaveLength(0)
})

test('a poll that fails leaves everything pending', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const receipt = await receiptOf(world)
  world.server.answer({ kind: 'cut before answer' }, { kind: 'HTML 200' }, { kind: 'throttle', afterSeconds: 1 })
  for (let poll = 0; poll < 3; poll++) expect(await confirmed(world, receipt)).toEqual([undefined])
  expect(await confirmed(world, receipt)).toEqual([delivered])
})

test('a poll asks for at most 1000 ids', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const receipts: string[] = []
  for (let n = 0; n < 1001; n++) receipts.push(await receiptOf(world))
  expect(await confirmed(world, ...receipts)).toEqual(Array(1001).fill(delivered))
  const polls = world.server.arrived.filter((request) => request.path.endsWith('/ack'))
  expect(polls.map((request) => JSON.parse(`${request.body}`).acks.length)).toEqual([1000, 1])
})

test('two indexers without stickiness: polls reach the right one in the end', async () => {
  const world = await hecWorld({ useAck: true, indexers: 2 }, { ack: 'required' })
  let open = [await receiptOf(world), await receiptOf(world), await receiptOf(world)]
  for (let poll = 0; poll < 4 && open.length > 0; poll++) {
    const settled = await world.exporter.confirm(open, never)
    open = open.filter((receipt) => !settled.has(receipt))
  }
  expect(open).toEqual([])
})

test("without stickiness one indexer's acknowledgement never settles another's request of the same number", async () => {
  const world = await hecWorld({ useAck: true, indexers: 2 }, { ack: 'required' })
  world.hec.silent.add('1')
  const receipts = [await receiptOf(world), await receiptOf(world)]
  for (let poll = 0; poll < 4; poll++) expect(await confirmed(world, ...receipts)).toEqual([undefined, undefined])
  world.now += 300_000
  expect(await confirmed(world, ...receipts)).toMatchObject([repeat, repeat])
})

test("two indexers behind a sticky balancer: its cookie leads the polls to the request's indexer", async () => {
  const world = await hecWorld({ useAck: true, indexers: 2, cookies: 'sticky' }, { ack: 'required' })
  const receipts = [await receiptOf(world), await receiptOf(world)]
  expect(await confirmed(world, ...receipts)).toEqual([delivered, delivered])
  expect(world.server.arrived.slice(1).every((request) => request.headers['cookie'] === 'lb=indexer-0')).toBe(true)
})

test('requests sent before any cookie was known are asked for where they went', async () => {
  const world = await hecWorld({ useAck: true, indexers: 2, cookies: 'sticky' }, { ack: 'required' })
  const receipts = await Promise.all([receiptOf(world), receiptOf(world), receiptOf(world)])
  expect(await confirmed(world, ...receipts)).toEqual([delivered, delivered, delivered])
  expect(new Set(world.channels).size).toBe(1)
})

test('S2: a balancer that moves us: a new channel, and what was outstanding goes again', async () => {
  const world = await hecWorld({ useAck: true, indexers: 2, cookies: 'sticky' }, { ack: 'required' })
  const lost = await receiptOf(world)
  world.hec.firstAlive = 1
  const moving = await receiptOf(world)
  const after = await receiptOf(world)
  expect(await confirmed(world, lost, moving, after)).toMatchObject([repeat, delivered, delivered])
  expect(new Set(eventRequests(world.server).map((request) => request.headers['x-splunk-request-channel'])).size).toBe(
    2,
  )
})

test.each(['renewed', 'noisy'] as const)(
  'a balancer with %s cookies does not make everything go again for ever',
  async (cookies) => {
    const world = await hecWorld({ useAck: true, cookies, acknowledges: false }, { ack: 'required' })
    const early = [await receiptOf(world), await receiptOf(world), await receiptOf(world), await receiptOf(world)]
    const late = [await receiptOf(world), await receiptOf(world)]
    world.hec.acknowledges = true
    if (cookies === 'renewed') expect(await confirmed(world, ...early)).toEqual(Array(4).fill(delivered))
    expect(await confirmed(world, ...late)).toEqual([delivered, delivered])
  },
)

test('hostile records are taken and acknowledged', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required' })
  const records = [...hostileValues()].map(([name, value]) => {
    return auditRecord({ id: name, attributes: { value }, body: value, eventName: 'other' })
  })
  const outcome = await world.exporter.send(world.batchOf(records), never)
  expect(await confirmed(world, outcome.status === 'accepted' ? outcome.receipt : '')).toEqual([delivered])
  expect(world.hec.ids).toEqual([...hostileValues().keys()])
})

test('with acknowledgement the event number is not trusted: the prefix is in memory only', async () => {
  const world = await hecWorld({ useAck: true }, { ack: 'required', trustEventNumber: true })
  world.server.answer({ kind: 'refuse record', index: 1 })
  const batch = world.batch(3)
  expect(await world.exporter.send(batch, never)).toMatchObject({ status: 'rejected' })
  await world.exporter.send({ ...batch, members: [batch.members[0]!] }, never)
  expect(world.hec.ids).toEqual(['record-0000', 'record-0000'])
})
