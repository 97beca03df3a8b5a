import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { QueueClient } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { SourceFailure } from '../../../src/domain/failures.ts'
import { type AzureQueue, openAzureQueue } from '../../../src/receiver/azure-queue/queue.ts'
import { FakeClock } from '../../tools/fake-clock.ts'
import { type AzuriteQueue, account, startQueue } from '../azure/azurite.ts'

const never = new AbortController().signal

describe('a queue of Azure', () => {
  let azurite: AzuriteQueue
  let queue: AzureQueue
  const open = (more: object = {}, clock = systemClock): Promise<AzureQueue> =>
    openAzureQueue(
      {
        account,
        queue: 'audit',
        endpoint: azurite.endpoint,
        sas_token: azurite.signature('up'),
        visibility_timeout: 60,
        ...more,
      },
      { clock, attempts: 1 },
    )
  beforeAll(async () => {
    azurite = await startQueue('audit')
  })
  afterAll(() => azurite.close())
  beforeEach(async () => {
    await azurite.queue.clearMessages()
    queue = await open()
  })
  const waiting = async (): Promise<number> =>
    (await azurite.queue.peekMessages({ numberOfMessages: 32 })).peekedMessageItems.length
  const left = async (): Promise<number> => (await azurite.queue.getProperties()).approximateMessagesCount ?? 0

  test('gives what was sent, up to thirty-two at a time, as it was sent', async () => {
    for (let n = 0; n < 40; n++) await azurite.queue.sendMessage(`body ${n} <&> é`)
    const first = await queue.receive(never)
    const second = await queue.receive(never)
    expect(first).toHaveLength(32)
    expect([...first, ...second].map((message) => message.body).sort()).toEqual(
      Array.from({ length: 40 }, (_, n) => `body ${n} <&> é`).sort(),
    )
  })

  test('holds messages for as long as it is told', async () => {
    await azurite.queue.sendMessage('body')
    expect(await (await open({ visibility_timeout: 1 })).receive(never)).toHaveLength(1)
    expect(await waiting()).toBe(0)
    await vi.waitFor(async () => expect(await waiting()).toBe(1), 4000)
  })

  test('deletes what it is told to, and twice without harm', async () => {
    for (let n = 0; n < 3; n++) await azurite.queue.sendMessage(`body ${n}`)
    const messages = await queue.receive(never)
    await queue.delete(messages)
    await queue.delete(messages)
    expect(await left()).toBe(0)
  })

  test('says how many messages are in it, those being read as well, and takes none', async () => {
    const counted = await open({ sas_token: azurite.signature('rup') })
    expect(await counted.depth(never)).toEqual({ waiting: 0 })
    for (let n = 0; n < 3; n++) await azurite.queue.sendMessage(`body ${n}`)
    expect(await counted.depth(never)).toEqual({ waiting: 3 })
    const messages = await queue.receive(never)
    expect(await counted.depth(never)).toEqual({ waiting: 3 })
    await queue.delete(messages)
    expect(await counted.depth(never)).toEqual({ waiting: 0 })
  })

  test('names the right to read when it may not count', async () => {
    await expect(queue.depth(never)).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringMatching(/^cannot count the messages of /),
      hint: expect.stringContaining('sp=rup'),
    })
  })

  test('a message that was given out again meanwhile is left to whoever holds it', async () => {
    await azurite.queue.sendMessage('body')
    const [stale] = await queue.receive(never)
    await queue.release([stale!])
    await queue.delete([stale!])
    expect(await left()).toBe(1)
  })

  test('gives messages back after a pause that is longer every time, with the text they had', async () => {
    await azurite.queue.sendMessage('body <&>')
    const sent: unknown[] = []
    const update = vi.spyOn(Object.getPrototypeOf(azurite.queue) as QueueClient, 'updateMessage')
    update.mockImplementation(function (this: QueueClient, id, receipt, text, seconds) {
      sent.push(text, seconds)
      update.mockRestore()
      // A second in place of five, so that the test need not wait.
      return this.updateMessage(id, receipt, text, 1)
    })
    await queue.release(await queue.receive(never))
    expect(sent).toEqual([undefined, 5])
    expect(await waiting()).toBe(0)
    const again = await vi.waitFor(async () => {
      const [message] = await azurite.queue.receiveMessages().then(({ receivedMessageItems }) => receivedMessageItems)
      return message ?? Promise.reject(new Error('not yet'))
    }, 4000)
    expect(again).toMatchObject({ messageText: 'body <&>', dequeueCount: 2 })
  })

  test('asks an empty queue more and more seldom, up to every ten seconds, and at once when there was something', async () => {
    const clock = new FakeClock()
    const patient = await open({}, clock)
    const asked = async (): Promise<number> => {
      const before = clock.now()
      const receiving = patient.receive(never)
      let done = false
      void receiving.then(() => {
        done = true
      })
      while (!done) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (!done && clock.sleepers > 0) await clock.advance(500)
      }
      return clock.now() - before
    }
    const pauses: number[] = []
    for (let n = 0; n < 7; n++) pauses.push(await asked())
    expect(pauses).toEqual([0, 1000, 2000, 4000, 8000, 10_000, 10_000])
    await azurite.queue.sendMessage('body')
    await asked()
    expect(await asked()).toBe(0)
  })

  test('stops waiting at once when told to', async () => {
    const stop = new AbortController()
    await queue.receive(stop.signal)
    const receiving = queue.receive(stop.signal)
    stop.abort()
    expect(await receiving).toEqual([])
  })

  test('names itself without its signature, in failures too', async () => {
    const token = azurite.signature('r')
    const denied = await open({ sas_token: token })
    expect(denied.name).toBe(`${azurite.endpoint}/audit`)
    const failure = await denied.receive(never).catch((error: SourceFailure) => error)
    expect(failure).toMatchObject({
      name: 'SourceFailure',
      message: expect.stringContaining(`${azurite.endpoint}/audit`),
      hint: expect.stringContaining('sp=up'),
    })
    expect(JSON.stringify([failure, (failure as Error).message, (failure as Error).stack])).not.toContain('sig=')
  })
})

describe('a queue of Azure that refuses', () => {
  const close: (() => void)[] = []
  afterEach(() => {
    for (const each of close.splice(0)) each()
  })
  async function queueOn(answer: RequestListener, answerMs = 60_000): Promise<AzureQueue> {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    close.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${account}`
    const settings = { account, queue: 'audit', endpoint, sas_token: 'sig=s', visibility_timeout: 60 }
    return openAzureQueue(settings, { clock: systemClock, attempts: 1, answerMs })
  }
  const refuse =
    (status: number, code: string): RequestListener =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code })
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`)
    }
  const message = (id: string) => ({ id, body: '', receipt: 'r' })

  test('a queue that is not there says what to do', async () => {
    const nowhere = await queueOn(refuse(404, 'QueueNotFound'))
    await expect(nowhere.receive(never)).rejects.toMatchObject({ hint: expect.stringContaining('azure_queue.account') })
  })

  test('says how many messages could not be deleted, and tries the others all the same', async () => {
    let requests = 0
    const queue = await queueOn((request, response) => {
      requests += 1
      if (request.url?.includes('/b?')) refuse(503, 'ServerBusy')(request, response)
      else response.writeHead(204).end()
    })
    await expect(queue.delete([message('a'), message('b'), message('c')])).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringContaining('delete 1 of 3 messages'),
      hint: expect.stringContaining('tried again'),
    })
    expect(requests).toBe(3)
  })

  test('gives back without a word even when that fails', async () => {
    await (await queueOn(refuse(403, 'AuthorizationFailure'))).release([message('a')])
  })

  test('an answer that does not come is given up', async () => {
    const queue = await queueOn(() => undefined, 50)
    await expect(queue.receive(never)).rejects.toMatchObject({ message: expect.stringContaining('no answer within') })
    const deleting = queue.delete([message('a')])
    await expect(deleting).rejects.toMatchObject({ message: expect.stringContaining('no answer within') })
    await queue.release([message('a')])
  })
})
