// A real disk that is really full: a file system of one megabyte in memory, filled to the last byte.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type OwnRecord, ownReceiver } from '../../src/domain/own-records.ts'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { hour, refusal, start } from './lane.ts'
import { altered, at, bad, none, route, see, whole } from './pieces.ts'
import { pruned } from './pruned.ts'
import { gapOf, lossOf } from './suite-watch.ts'
import { view } from './view.ts'

const directory = mkdtempSync(join(tmpdir(), 'ledger-full-'))
const point = join(directory, 'small')
const mountable = process.platform === 'linux' && process.getuid?.() === 0 && canMount()
afterAll(() => {
  if (mountable) execFileSync('umount', [point], { stdio: 'ignore' })
  rmSync(directory, { recursive: true })
})

function canMount(): boolean {
  mkdirSync(point)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', point], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Until a commit of a single page no longer fits. */
function fill(ledger: Ledger): void {
  execFileSync('sh', ['-c', `cat /dev/zero > ${join(point, 'ballast')} || true`], { stdio: 'ignore' })
  const written = (n: number): boolean => {
    const failure = failureOf(() => ledger.stop('a', { cause: 'credentials', reason: `${n}`, since: start }))
    return failure === undefined
  }
  for (let n = 0; written(n); n += 1) if (n > 1_000) throw new Error('it does not fill up')
}

const said: OwnRecord = { kind: 'act', id: 'x', at: start, level: 'info', body: 'said', attributes: {} }

/** Two objects read and decided, and an empty one; of the first two events in an intent and one refused; a sweep that moves watermarks. */
function prepare(ledger: Ledger): number {
  ledger.enrol([route('a'), route('a', 0, ownReceiver)], start)
  see(ledger, at(1), at(2), at(3), at(6), at(7))
  // Withheld, kept on behalf of all, and a message: what a repair may be about.
  ledger.decide(bad(4, 0, 10), start)
  ledger.settle('a', [{ object: 4, ranges: [[0, 10]], withheld: [[0, 10]], tally: { ...none, filtered: 1 } }])
  ledger.quarantineMessage('bucket', 'what', 'nobody knows', start)
  ledger.decide(whole(5, []), start)
  ledger.decide(whole(1, ['x', 'y', 'z', 'w']), start)
  ledger.decide(whole(2, ['v'], start - 1_000 * hour), start)
  const members = [10, 20].map((from) => ({ object: 1, from, to: from + 10 }))
  const refused = [{ object: 1, from: 0, to: 10 }]
  const [verdict, open] = ledger.intend(
    'a',
    [
      { token: 's', members: refused },
      { token: 't', members },
    ],
    start,
  )
  ledger.resolve(verdict?.id ?? 0, { delivered: [], refused: [refusal(0)] }, start)
  ledger.ask('replay', '{}', 'ann', start)
  ledger.swept('bucket', start + 9 * hour)
  return open?.id ?? 0
}

const writes: Readonly<Record<string, (ledger: Ledger, intent: number) => unknown>> = {
  enrol: (ledger) => ledger.enrol([route('a'), route('b')], start),
  see: (ledger) => see(ledger, at(4)),
  swept: (ledger) => ledger.swept('bucket', start + 10 * hour),
  decide: (ledger) => ledger.decide(whole(3, ['u']), start),
  'decide, with a bad line': (ledger) => ledger.decide(bad(3, 0, 100), start),
  settle: (ledger) => ledger.settle('a', [{ object: 2, ranges: [[0, 10]], tally: { ...none, filtered: 1 } }]),
  postpone: (ledger) => ledger.postpone('a', 2, start + 7, 'no'),
  lose: (ledger) => ledger.lose('a', 2, 'gone', start),
  intend: (ledger) => ledger.intend('a', [{ token: 'u', members: [{ object: 2, from: 0, to: 10 }] }], start),
  attempted: (ledger, intent) => ledger.attempted(intent, { ambiguous: true, dueAt: start + 7, reason: 'no' }),
  resolve: (ledger, intent) => ledger.resolve(intent, { delivered: 'all' }, start),
  revoke: (ledger) => ledger.revoke('a', start + 7),
  advance: (ledger) => ledger.advance(),
  prune: (ledger) => pruned(ledger, 0),
  seal: (ledger) => ledger.seal({ before: start + 8 * hour, after: undefined, limit: 9 }),
  quarantineMessage: (ledger) => ledger.quarantineMessage('bucket', 'what', 'nobody knows', start),
  altered: (ledger) => ledger.altered(altered(1), 'abcd', start),
  ask: (ledger) => ledger.ask('replay', '{}', 'bob', start),
  refill: (ledger) =>
    ledger.refill('bucket', 's3://b', [at(5)], { repair: 1, destinations: undefined, force: true }, start),
  release: (ledger) => ledger.release('a', [{ object: 4, from: 0, to: 10 }], 1, start),
  replay: (ledger) => ledger.replay(1, 1, start),
  remark: (ledger) => ledger.remark(1, 'still no event'),
  understood: (ledger) => ledger.understood(2),
  report: (ledger) => ledger.report(1, '5'),
  answer: (ledger) => ledger.answer(1, 'done'),
  record: (ledger) => ledger.record([{ record: { ...said, id: 'y' } }], start),
  closeHours: (ledger) => ledger.closeHours(9, () => ({ ...said, id: 'hour' }), start),
  learn: (ledger) => ledger.watch.learn('bucket', [5]),
  note: (ledger) => ledger.watch.note(lossOf('k')),
  keep: (ledger) => ledger.watch.keep(gapOf('g', start)),
  memorize: (ledger) => ledger.watch.remember('m1', 'x'),
  'record, together with a rename': (ledger) =>
    ledger.together(() => {
      ledger.rename('a', 'c')
      ledger.record([{ record: { ...said, id: 'y' } }], start)
    }),
}

/** Everything that can be seen but the claims, which only show when they are pruned. */
function seen(ledger: Ledger): unknown {
  return [view(ledger), ledger.intents('a'), ledger.provisional('a'), [1, 2, 3].map((ref) => ledger.row('a', ref))]
}

function failureOf(body: () => unknown): LedgerFailure | undefined {
  try {
    body()
  } catch (error) {
    if (error instanceof LedgerFailure) return error
    throw error
  }
  return undefined
}

test.skipIf(!mountable).each(Object.entries(writes))(
  '%s on a full disk is said, changes nothing, and works when there is room',
  (_, write) => {
    const ledger = openSqliteLedger({ path: join(point, 'ledger.db') })
    try {
      const intent = prepare(ledger)
      fill(ledger)
      const before = seen(ledger)
      const failure = failureOf(() => write(ledger, intent))
      expect(failure).toMatchObject({ full: true, message: expect.stringMatching(/the disk is full/) })
      expect(failure?.hint).toMatch(/free some space/)
      expect(seen(ledger)).toEqual(before)
      rmSync(join(point, 'ballast'))
      const answer = write(ledger, intent)
      if (write === writes['prune']) expect(answer).toBeGreaterThan(0)
      else expect(seen(ledger)).not.toEqual(before)
    } finally {
      ledger.close()
      for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'ledger.db.lock', 'ballast'])
        rmSync(join(point, name), { force: true })
    }
  },
)
