import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { fencedNotifications } from '../../../src/receiver/fenced.ts'
import { pauseSeconds } from '../../../src/receiver/pause.ts'
import { openSqsNotifications, type SqsNotifications } from '../../../src/receiver/sqs/queue.ts'

const never = new AbortController().signal
const always = { holds: () => true, over: never }

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterAll(() => vi.unstubAllEnvs())

describe('an SQS queue', () => {
  let server: FauxqsServer
  let url: string
  let queue: SqsNotifications
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
    url = server.createQueue('audit').queueUrl
    queue = await openSqsNotifications({ queue_url: url, endpoint: server.address }, { waitSeconds: 1 })
  })
  afterAll(async () => {
    await queue.close()
    await server.stop()
  })
  beforeEach(() => server.reset())

  const inFlight = () => server.inspectQueue('audit')!.messages.inflight

  test('gives what was sent, up to ten at a time', async () => {
    for (let n = 0; n < 12; n++) server.sendMessage('audit', `body ${n}`)
    const first = await queue.receive(never)
    const second = await queue.receive(never)
    expect(first).toHaveLength(10)
    expect([...first, ...second].map((message) => message.body).sort()).toEqual(
      Array.from({ length: 12 }, (_, n) => `body ${n}`).sort(),
    )
  })

  test('gives nothing when nothing comes', async () => {
    expect(await queue.receive(never)).toEqual([])
  })

  test('ends a long poll at once when told to', async () => {
    const patient = await openSqsNotifications({ queue_url: url, endpoint: server.address })
    const stop = new AbortController()
    const receiving = patient.receive(stop.signal)
    setTimeout(() => stop.abort(), 20)
    expect(await receiving).toEqual([])
    await patient.close()
  })

  test('deletes what it is told to, more than a batch of it, and twice without harm', async () => {
    for (let n = 0; n < 12; n++) server.sendMessage('audit', `body ${n}`)
    const messages = [...(await queue.receive(never)), ...(await queue.receive(never))]
    await queue.delete(messages)
    await queue.delete(messages)
    expect(inFlight()).toHaveLength(0)
  })

  test('gives messages back after a pause, not at once', async () => {
    server.sendMessage('audit', 'body')
    const messages = await queue.receive(never)
    await queue.release(messages)
    const [held] = inFlight()
    expect(held!.visibilityDeadline - Date.now()).toBeGreaterThan(2_000)
    expect(held!.visibilityDeadline - Date.now()).toBeLessThanOrEqual(5_000)
  })

  test('holds messages as long as the queue says, or as it is told', async () => {
    const other = await openSqsNotifications({ queue_url: url, endpoint: server.address, visibility_timeout: 300 })
    server.sendMessage('audit', 'body')
    await other.receive(never)
    expect(inFlight()[0]!.visibilityDeadline - Date.now()).toBeGreaterThan(250_000)
    await other.close()
  })

  test('says how many messages wait and how many are in flight, and takes none', async () => {
    expect(await queue.depth(never)).toEqual({ waiting: 0, inFlight: 0 })
    for (let n = 0; n < 12; n++) server.sendMessage('audit', `body ${n}`)
    expect(await queue.depth(never)).toEqual({ waiting: 12, inFlight: 0 })
    const messages = await queue.receive(never)
    expect(await queue.depth(never)).toEqual({ waiting: 2, inFlight: 10 })
    await queue.delete(messages)
    expect(await queue.depth(never)).toEqual({ waiting: 2, inFlight: 0 })
  })

  test('is counted as well where its messages are fenced', async () => {
    server.sendMessage('audit', 'body')
    const fenced = fencedNotifications(queue, always)
    expect(await fenced.depth!(never)).toEqual({ waiting: 1, inFlight: 0 })
    expect(fencedNotifications({ ...fenced, depth: undefined as never }, always).depth).toBeUndefined()
  })

  test('a queue that is not there is a failure that names it and says what to do', async () => {
    const nowhere = await openSqsNotifications({ queue_url: `${url}-not`, endpoint: server.address })
    await expect(nowhere.receive(never)).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringContaining(`${url}-not`),
      hint: expect.stringContaining('queue_url'),
    })
    await nowhere.close()
  })
})

test('the pause of messages given back doubles with every receive, up to five minutes', () => {
  expect([1, 2, 3, 4, 7, 8, 1000].map(pauseSeconds)).toEqual([5, 10, 20, 40, 300, 300, 300])
})

describe('an SQS queue that refuses', () => {
  const asked: { target: string; body: { Entries?: { Id: string; VisibilityTimeout?: number }[] } }[] = []
  let answers: ((body: (typeof asked)[0]['body']) => [number, unknown])[] = []
  let queue: SqsNotifications
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const body = JSON.parse(text)
      asked.push({ target: String(request.headers['x-amz-target']).replace('AmazonSQS.', ''), body })
      const [status, answer] = (answers.length > 1 ? answers.shift()! : answers[0]!)(body)
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer))
    })
  })
  const message = (id: string, receives = 1) => ({ id, body: '', receipt: id, receives })

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    queue = await openSqsNotifications({ queue_url: `${endpoint}/111122223333/audit`, endpoint })
  })
  afterAll(async () => {
    await queue.close()
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => asked.splice(0))

  test('deletes again what failed inside a good answer', async () => {
    answers = [
      () => [200, { Successful: [{ Id: '0' }], Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }] }],
      () => [200, { Successful: [{ Id: '1' }], Failed: [] }],
    ]
    await queue.delete([message('a'), message('b')])
    expect(asked.map(({ body }) => body.Entries!.map((entry) => entry.Id))).toEqual([['0', '1'], ['1']])
  })

  test('says so when a delete keeps failing inside good answers', async () => {
    answers = [() => [200, { Successful: [], Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] }]]
    await expect(queue.delete([message('a')])).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringContaining('InternalError'),
    })
    expect(asked).toHaveLength(3)
  })

  test('names the permissions when it is denied', async () => {
    answers = [() => [403, { __type: 'com.amazonaws.sqs#AccessDenied', message: 'Access to the resource is denied.' }]]
    await expect(queue.receive(never)).rejects.toMatchObject({ hint: expect.stringContaining('sqs:ReceiveMessage') })
  })

  test('names the permission for counting alone when it may not count', async () => {
    answers = [() => [403, { __type: 'com.amazonaws.sqs#AccessDenied', message: 'Access to the resource is denied.' }]]
    await expect(queue.depth(never)).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringMatching(/^cannot count the messages of .*AccessDenied/),
      hint: 'grant sqs:GetQueueAttributes on the queue',
    })
  })

  test.each([
    ['no attributes', {}],
    ['half of them', { Attributes: { ApproximateNumberOfMessages: '3' } }],
    ['no number', { Attributes: { ApproximateNumberOfMessages: 'many', ApproximateNumberOfMessagesNotVisible: '1' } }],
  ])('an answer with %s is not taken for a count', async (_, answer) => {
    answers = [() => [200, answer]]
    await expect(queue.depth(never)).rejects.toMatchObject({
      message: expect.stringContaining('does not say how many'),
    })
  })

  test('gives back without a word even when that fails', async () => {
    answers = [() => [403, { __type: 'com.amazonaws.sqs#AccessDenied', message: 'No.' }]]
    await queue.release([message('a', 1), message('b', 4)])
    expect(asked[0]!.body.Entries!.map((entry) => entry.VisibilityTimeout)).toEqual([5, 40])
  })
})
