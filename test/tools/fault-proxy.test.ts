import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Fault, FaultProxy } from './fault-proxy.ts'

// A server that notes what it reads and answers each piece with `ANSWER`.
const read: string[] = []
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => {
    read.push(data.toString())
    socket.write('ANSWER')
  })
})
let proxy: FaultProxy

beforeEach(async () => {
  read.length = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await FaultProxy.start({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
})

afterEach(async () => {
  await proxy.stop()
  server.close()
})

/** Sends `REQUEST` and tells what came back and how the connection ended. */
async function exchange(fault: Fault, enough = 'ANSWER'.length): Promise<{ got: string; ended: string }> {
  proxy.set(fault)
  const client = connect(proxy.port, '127.0.0.1')
  let got = ''
  const ended = new Promise<string>((resolve) => {
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    client.on('close', () => resolve('closed'))
    client.on('data', (data) => {
      got += data
      if (got.length >= enough) client.end()
    })
  })
  client.write('REQUEST')
  return { ended: await ended, got }
}

test('without a fault it is not there', async () => {
  expect(await exchange({ kind: 'none' })).toEqual({ got: 'ANSWER', ended: 'closed' })
  expect(read).toEqual(['REQUEST'])
  expect(proxy.connections).toBe(1)
})

test('delays and narrows without changing a byte', async () => {
  expect((await exchange({ kind: 'latency', ms: 5 })).got).toBe('ANSWER')
  expect((await exchange({ kind: 'bandwidth', bytesPerSecond: 1000 })).got).toBe('ANSWER')
})

test('refuses: the server sees nothing', async () => {
  expect(await exchange({ kind: 'refuse' })).toEqual({ got: '', ended: 'ECONNRESET' })
  expect(read).toEqual([])
})

test('cuts a request: the server sees its beginning', async () => {
  expect((await exchange({ kind: 'cutRequest', after: 3 })).ended).toBe('ECONNRESET')
  await expect.poll(() => read.join('')).toBe('REQ')
})

test('drops an answer: the server has seen all, the client nothing', async () => {
  expect(await exchange({ kind: 'dropResponse' })).toEqual({ got: '', ended: 'ECONNRESET' })
  expect(read).toEqual(['REQUEST'])
})

test('cuts an answer', async () => {
  const { got, ended } = await exchange({ kind: 'cutResponse', after: 2 })
  expect(ended).toBe('ECONNRESET')
  expect('AN'.startsWith(got)).toBe(true)
})

test('hangs until connections are dropped', async () => {
  const exchanged = exchange({ kind: 'hang' })
  while (proxy.connections === 0) await new Promise(setImmediate)
  proxy.dropAll()
  expect(await exchanged).toEqual({ got: '', ended: 'ECONNRESET' })
  expect(read).toEqual([])
})
