import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test, vi } from 'vitest'
import { type OwnRecord, ownReceiver } from '../../src/domain/own-records.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { refusal, start } from './lane.ts'
import { altered, at, none, route, see, whole } from './pieces.ts'
import { gapOf, lossOf } from './suite-watch.ts'

const directory = mkdtempSync(join(tmpdir(), 'ledger-durability-'))
afterAll(() => rmSync(directory, { recursive: true }))

function startWriter(path: string): ChildProcess {
  const writer = join(import.meta.dirname, 'writer.ts')
  return spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills the writer once it has acknowledged so many rounds, and answers the last one it acknowledged. */
async function killAfter(child: ChildProcess, rounds: number, whileRunning: () => void): Promise<number> {
  let text = ''
  let seen = false
  child.stdout?.on('data', (data: Buffer) => {
    text += data.toString()
    if (!seen && text.startsWith('open\n')) {
      seen = true
      whileRunning()
    }
    if (text.split('\n').length > rounds + 2) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const complete = text.slice(0, text.lastIndexOf('\n')).split('\n')
  return Number(complete.at(-1))
}

test('kill -9 takes nothing that was acknowledged, and frees the lock', async () => {
  const path = join(directory, 'killed.db')
  const cutOff = new Set<number>()
  for (const rounds of [1, 7, 40]) {
    const acknowledged = await killAfter(startWriter(path), rounds, () => {
      expect(() => openSqliteLedger({ path })).toThrow(/another forwarder is running on this ledger.*killed\.db\.lock/)
    })
    const ledger = openSqliteLedger({ path })
    const { objects } = ledger.totals()
    expect(objects).toBeGreaterThanOrEqual(acknowledged)
    expect(objects).toBeLessThanOrEqual(acknowledged + 1)
    const open = ledger.intents('a')
    for (let n = 1; n <= acknowledged; n += 1) {
      if (cutOff.has(n)) continue
      const intent = open.find(({ token }) => token === `t${n}`)
      expect(ledger.object(n)?.length).toBe(20)
      if (n % 2 === 0) expect([n, intent, ledger.row('a', n)?.settled]).toEqual([n, undefined, [[0, 10]]])
      else expect(intent).toMatchObject({ ambiguous: true, members: [{ object: n, from: 0, to: 10 }] })
    }
    // The round that was not acknowledged is there up to some commit, or not at all; the next run counts on.
    if (objects > acknowledged) cutOff.add(objects)
    ledger.close()
  }
})

/** Runs the body and answers, for each commit, what `synchronous` was set to. */
function commits(body: () => void): string[] {
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec')
  try {
    body()
    return spy.mock.calls.flatMap(([sql]) => (/^(PRAGMA synchronous|COMMIT)/.test(sql) ? [sql] : []))
  } finally {
    spy.mockRestore()
  }
}

const said: OwnRecord = { kind: 'act', id: 'x', at: start, level: 'info', body: 'said', attributes: {} }

test('a commit is fsynced exactly where a promise depends on it', () => {
  const ledger = openSqliteLedger({ path: join(directory, 'fsync.db') })
  const members = (from: number) => [{ object: 1, from, to: from + 10 }]
  const intend = (from: number) => ledger.intend('a', [{ token: 't', members: members(from) }], start)[0]?.id ?? 0
  let id = 0
  let request = 0
  const answered = ledger.ask('replay', '{}', 'ann', start)
  const durable: (() => void)[] = [
    () => ledger.enrol([route('a')], start),
    () => see(ledger, at(1), at(2)),
    () => ledger.swept('bucket', start),
    () => ledger.advance(),
    () => {
      id = intend(0)
    },
    () => ledger.resolve(id, { delivered: [], refused: [refusal(0)] }, start),
    () => ledger.revoke('a', start),
    () => {
      id = intend(0)
    },
    () => {
      id =
        ledger.resolve(id, { delivered: [], drafts: [{ token: 'u', members: members(0) }] }, start).intents[0]?.id ?? 0
    },
    () => ledger.lose('a', 2, 'gone', start),
    () => ledger.quarantineMessage('bucket', '?', 'unknown', start),
    () => {
      request = ledger.ask('replay', '{}', 'ann', start)
    },
    () => ledger.refill('bucket', 's3://b', [at(1)], { repair: 1, destinations: undefined, force: true }, start),
    () => ledger.rename('a', 'c'),
    () => ledger.rename('c', 'a'),
    () => ledger.enrol([route('a'), route('a', 0, ownReceiver)], start),
    () => ledger.record([{ record: said }], start),
    () => ledger.closeHours(9, () => ({ ...said, id: 'hour' }), start),
    () => ledger.together(() => ledger.stop('a', undefined)),
    () => ledger.watch.keep(gapOf('g', start)),
    () => ledger.together(() => ledger.watch.note(lossOf('k'))),
    () => ledger.imports.secure(),
    () => ledger.answer(answered, 'done'),
  ]
  const volatile: (() => void)[] = [
    () => ledger.decide(whole(1, ['x', 'x', 'z']), start),
    () => ledger.judge('a', 1, [{ from: 10, to: 20, owner: { object: 1, from: 0 } }]),
    () => ledger.attempted(id, { ambiguous: false, dueAt: start, reason: '503' }),
    () => ledger.resolve(id, { delivered: 'all' }, start),
    () => ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: none }]),
    () => ledger.postpone('a', 1, start, 'denied'),
    () => ledger.prune(0),
    () => ledger.seal({ before: start, after: undefined, limit: 9 }),
    () => ledger.forget(new Set(), 0),
    () => ledger.altered(altered(1), 'abcd', start),
    () => ledger.report(request, '1'),
    () => ledger.forgetAnswered(start + 1, 9),
    () => ledger.release('a', [{ object: 1, from: 20, to: 30 }], 1, start),
    () => ledger.replay(1, 1, start),
    () => ledger.remark(1, 'still no event'),
    () => ledger.understood(1),
    () => ledger.belongings.note({ receiver: 'bucket', found: 'acme', stop: undefined }),
    () => ledger.imports.remember(1, whole(1, ['x']).claimants),
    () => void ledger.imports.forgetCopies(1, 9),
    () => ledger.watch.learn('bucket', [5]),
    () => ledger.watch.note(lossOf('k')),
    () => ledger.watch.taken(1),
    () => ledger.watch.remember('m', 'x'),
    () => ledger.watch.forgetGaps(start + 1),
    () => ledger.stop('a', undefined),
  ]
  expect(synchronousOf(ledger, durable)).toEqual(durable.map(() => 'FULL'))
  expect(synchronousOf(ledger, volatile)).toEqual(volatile.map(() => 'NORMAL'))
  // Reading, seeing what is known, and a watermark that does not move commit nothing.
  expect(commits(() => [see(ledger, at(1)), ledger.advance(), ledger.accounts(), ledger.intents('a')])).toEqual([])
  ledger.close()
})

test('what was remembered is secured in both ledgers: a commit that would write nothing would be no commit', () => {
  const path = join(directory, 'secured.db')
  const ledger = openSqliteLedger({ path })
  const logs = [0, 1, 2].map(() => {
    ledger.imports.secure()
    return readFileSync(`${path}-wal`)
  })
  expect(logs.map((log, index) => log.equals(logs[index - 1] ?? Buffer.of()))).toEqual([false, false, false])
  ledger.close()
  const memory = new MemoryLedger()
  memory.enrol([route('a')], start)
  see(memory, at(1))
  memory.imports.remember(1, whole(1, ['x']).claimants)
  memory.imports.secure()
  expect(memory.volatileCommits()).toBe(0)
  memory.crash(0)
  see(memory, at(2))
  expect(memory.decide(whole(2, ['x']), start).copies).toHaveLength(1)
})

function synchronousOf(ledger: SqliteLedger, acts: readonly (() => void)[]): (string | undefined)[] {
  let mode: string | undefined
  // The mode may have been set before; what counts is what stands when the commit comes.
  commits(() => ledger.stop('nobody', undefined))
  mode = 'NORMAL'
  return acts.map((act) => {
    let committed: string | undefined
    for (const sql of commits(act)) {
      if (sql === 'COMMIT') committed = mode
      else mode = sql.split('=')[1]
    }
    return committed
  })
}
