// The search for credentials is no formality: it finds them however they are spelled, wherever the program speaks, and
// the listening of every test file really listens.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { overheard } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { inScene } from '../e2e/stage/case.ts'
import { takeLeaks } from './eavesdrop.ts'
import { canariesIn, canary, canaryGuid, canaryHex, Listener } from './secrets.ts'

const run = promisify(execFile)
const secret = canary('leak')
/** Prints what it finds in its environment. */
const blabber = ['-e', 'console.log("token", process.env.TOKEN); console.error("no:", process.env.TOKEN)']
const env = { TOKEN: secret }
// Nothing of what is leaked here may be complained of by the listening itself, only what is left untaken.
afterEach(() => expect(takeLeaks()).toEqual([]))

describe('a credential is found', () => {
  test.each([
    ['as it is', secret],
    ['a GUID', canaryGuid(7)],
    ['in capitals', canaryGuid(7).toUpperCase()],
    ['a key of 32 digits', canaryHex(7)],
    ['in a URL', `http://${encodeURIComponent(canary('é/"@'))}@host/`],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ token: canary('"') }))],
    ['in base64', Buffer.from(`user:${secret}`).toString('base64')],
    ['in base64 for URLs, a byte further', Buffer.from(`user1:${secret}`).toString('base64url')],
    ['in base64, two bytes further', Buffer.from(`user12:${secret}`).toString('base64')],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['whose beginning was cut off', secret.slice(4)],
  ])('%s', (_, text) => {
    expect(canariesIn(`before ${text} after`)).not.toEqual([])
  })

  test.each([1, 5, 11, 17])('in pieces of %i characters', (size) => {
    const listener = new Listener('here')
    const text = `x${Buffer.from(`${secret}!`).toString('base64')} and ${secret}`
    for (let from = 0; from < text.length; from += size) listener.hear(text.slice(from, from + size))
    expect(listener.take().length).toBeGreaterThan(0)
    expect(listener.take()).toEqual([])
  })

  test('and nothing else is', () => {
    const text = 'a token, 5ec4e7ca4a4, 00000000-0000-4000-8000-000000000001, c2VjcmV0, [redacted]'
    expect(canariesIn(text)).toEqual([])
  })
})

describe('a program that leaks is heard', () => {
  test('by whoever started it, in any way', async () => {
    await run(process.execPath, blabber, { env })
    expect(takeLeaks()).toHaveLength(2)
    execFileSync(process.execPath, blabber, { env, stdio: 'pipe' })
    expect(takeLeaks()).toHaveLength(1)
    spawnSync(process.execPath, blabber, { env })
    expect(takeLeaks()).toHaveLength(2)
    const child = spawn(process.execPath, blabber, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.resume()
    await once(child, 'close')
    expect(takeLeaks()).toEqual([expect.stringContaining('standard output of')])
  })

  test('what it prints is still there for the test', async () => {
    const { stdout, stderr } = await run(process.execPath, blabber, { env })
    expect([stdout, stderr]).toEqual([`token ${secret}\n`, `no: ${secret}\n`])
    takeLeaks()
  })

  test('on its pages, and nobody else on theirs', async () => {
    const server = createServer((_, answer) => answer.end(JSON.stringify({ secret }))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const path of ['/metrics', '/api/status', '/']) {
      expect(await (await fetch(url + path)).json()).toEqual({ secret })
      expect(takeLeaks(), path).toEqual([expect.stringContaining(`the page ${path}`)])
    }
    await (await fetch(`${url}/services/collector`)).text()
    server.closeAllConnections()
    server.close()
  })

  test('in the tests’ own process', () => {
    process.stderr.write('')
    process.stdout.write(`${secret}\n`)
    expect(takeLeaks()).toEqual([expect.stringContaining('own process')])
  })

  test('in a scene, which fails at its end', async () => {
    const leaking = inScene('leak', async (scene) => {
      const forwarder = scene.start([...blabber, '--'], { command: process.execPath, env })
      await forwarder.exited
      return {}
    })
    await expect(leaking.run('small')).rejects.toThrow(/holds a credential/)
    takeLeaks()
  })
})

describe('an exporter that leaks is overheard', () => {
  const silent: Exporter = {
    limits: { records: 1, bytes: 1 },
    encode: () => ({ bytes: Buffer.from(secret) }),
    send: async () => ({ status: 'delivered' }),
    check: async () => [],
    close: async () => {},
  }
  const batch = { members: [], token: 't', now: 0 }
  const { signal } = new AbortController()

  test('in an outcome, a finding, a receipt, and what it throws', async () => {
    const reason = `bad token ${secret}`
    const told = overheard<Exporter>({
      ...silent,
      send: async () => ({ status: 'retry', reason }),
      confirm: async () => new Map([['r', { status: 'split', reason }]] as const),
      check: async () => [{ level: 'error', what: 'token', detail: Buffer.from(reason).toString('base64') }],
      close: () => Promise.reject(new Error('closing', { cause: new Error(reason) })),
    })
    for (const speak of [told.send(batch, signal), told.check(signal), told.close()]) {
      await expect(speak).rejects.toThrow(/a credential shows/)
    }
    await expect(told.confirm?.(['r'], signal)).rejects.toThrow(/a credential shows/)
  })

  test('and one that does not is the same', async () => {
    const told = overheard(silent)
    expect(await told.send(batch, signal)).toEqual({ status: 'delivered' })
    expect(told.limits).toBe(silent.limits)
    expect(Buffer.from(told.encode({} as never).bytes).toString()).toBe(secret)
  })
})
