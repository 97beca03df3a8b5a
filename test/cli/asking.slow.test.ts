// A command asks whoever holds the ledger, takes over from one that ended, and works itself where there is none.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fulfilled } from '../../src/cli/asking.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { load } from '../../src/cli/load.ts'
import type { Loaded } from '../../src/config/load.ts'
import { requestKind } from '../../src/domain/request.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { Requests } from '../../src/pipeline/requests.ts'

let folder: string
let path: string
let loaded: Loaded

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'asking-'))
  path = join(folder, 'ledger.db')
  const config = join(folder, 'config.yaml')
  const ledger = `ledger: { sqlite: { path: ${path} } }`
  const pipelines = 'pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } }'
  const store = `receivers: { circleci_audit: { store: { directory: { path: ${folder} } } } }`
  writeFileSync(config, `${store}\nexporters: { console: {} }\nservice: { ${ledger}, ${pipelines} }\n`)
  loaded = await load({ config })
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A forwarder that knows one kind of request, until it is told to stop. */
function forwarder(ledger: SqliteLedger, signal: AbortSignal): Promise<void> {
  const count = requestKind<number>({
    name: 'count',
    parse: (body) => Number(body),
    act: async (to, { report, signal, by }) => {
      for (let n = 1; n <= to; n += 1) {
        report({ counted: n })
        await systemClock.sleep(600, signal)
      }
      return { counted: to, by }
    },
  })
  const told = (): void => {}
  return new Requests({ ledger, clock: systemClock, random: Math.random, tell: told, kinds: [count] }).run(signal)
}

test('the running forwarder does it, and one sees how far it is', async () => {
  const ledger = openSqliteLedger({ path })
  const end = new AbortController()
  const running = forwarder(ledger, end.signal)
  const shown: unknown[] = []
  const { answer } = await fulfilled(loaded, { kind: 'count', body: 2, show: (progress) => shown.push(progress) })
  end.abort()
  await running
  ledger.close()
  expect(answer).toEqual({ done: { counted: 2, by: expect.stringMatching(/.+@.+/) } })
  expect(shown).toEqual([{ counted: 1 }, { counted: 2 }])
})

test('where nobody holds the ledger, or the holder ends without an answer, the command does the work', async () => {
  const ledger = openSqliteLedger({ path })
  const said: string[] = []
  const asking = {
    kind: 'no.such.kind',
    body: {},
    show: () => {},
    say: (text: string) => said.push(text),
    comeBackMs: 1,
  }
  const waiting = fulfilled(loaded, asking)
  await expect.poll(() => ledger.asked().length).toBe(1)
  ledger.close()
  const refused = { refused: expect.stringContaining('no.such.kind'), hint: expect.any(String) }
  expect(await waiting).toEqual({ request: 1, answer: refused })
  expect(said).toEqual(['the forwarder has ended; if it is not back in 1 s, the work is done here'])
  expect(await fulfilled(loaded, asking)).toEqual({ request: 2, answer: refused })
  expect(said).toHaveLength(1)
})

test('a forwarder that is restarted finds its ledger free, and does the work', async () => {
  const before = openSqliteLedger({ path })
  const said: string[] = []
  const asking = { kind: 'count', body: 1, show: () => {}, say: (text: string) => said.push(text), comeBackMs: 600_000 }
  const waiting = fulfilled(loaded, asking)
  await expect.poll(() => before.asked().length).toBe(1)
  before.close()
  await expect.poll(() => said.length, { timeout: 20_000 }).toBe(1)
  const ledger = openSqliteLedger({ path })
  const end = new AbortController()
  const running = forwarder(ledger, end.signal)
  expect(await waiting).toMatchObject({ request: 1, answer: { done: { counted: 1 } } })
  end.abort()
  await running
  ledger.close()
})

test('without a ledger there is nobody to ask, unless it may begin one', async () => {
  const asking = { kind: 'no.such.kind', body: {}, show: () => {} }
  await expect(fulfilled(loaded, asking)).rejects.toThrow(`there is no ledger ${path}`)
  expect(await fulfilled(loaded, { ...asking, mayBegin: true })).toMatchObject({ request: 1 })
})
