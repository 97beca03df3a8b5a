// A process that writes a ledger until it is killed, and says on stdout what was acknowledged: run by durability.test.ts.
import { writeSync } from 'node:fs'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { start } from './lane.ts'
import { at, route, whole } from './pieces.ts'

const path = process.argv[2] ?? ''
const ledger = openSqliteLedger({ path })
ledger.enrol([route('a')], start)
writeSync(1, 'open\n')
for (let n = ledger.totals().objects + 1; ; n += 1) {
  ledger.see('bucket', 's3://b', [at(n % 1000, `v${n}`)], 'swept', start)
  ledger.decide(whole(n, [`x${n}`, `y${n}`]), start)
  const members = [{ object: n, from: 0, to: 10 }]
  const [intent] = ledger.intend('a', [{ token: `t${n}`, members }], start)
  if (n % 2 === 0) ledger.resolve(intent?.id ?? 0, { delivered: 'all' }, start)
  writeSync(1, `${n}\n`)
}
