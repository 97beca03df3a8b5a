// node --conditions=@circleci-audit-forwarder/source test/fuzz/csv.ts [--count 20000] [--seed 1] [--round N]
import { parseArgs } from 'node:util'
import { csvRound } from './csv-round.ts'

/** Files of one ledger. */
const SIZE = 100
/** Rounds between words. */
const WORD = 10
/** A round that takes longer hangs, in milliseconds: alone it takes three seconds, on a busy machine a minute. */
const HANG_MS = 600_000

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    round: { type: 'string' },
  },
})
const [seed, only] = [Number(values.seed), values.round]
const rounds = only === undefined ? Math.ceil(Number(values.count) / SIZE) : 1
const sums = { rows: 0, delivered: 0, duplicates: 0, quarantined: 0 }
const begun = performance.now()
let failed = 0

for (let number = 0; number < rounds; number += 1) {
  const which = only === undefined ? number : Number(only)
  const timer = setTimeout(() => {
    console.log(`HANGS --seed ${seed} --round ${which}`)
    process.exit(1)
  }, HANG_MS)
  const { wrong, ...counts } = await csvRound(seed, which, SIZE)
  clearTimeout(timer)
  for (const name of ['rows', 'delivered', 'duplicates', 'quarantined'] as const) sums[name] += counts[name]
  if (wrong.length > 0) {
    failed += 1
    console.log(`FAIL  --seed ${seed} --round ${which}`)
    for (const line of wrong.slice(0, 10)) console.log(`      ${line}`)
  }
  if ((number + 1) % WORD === 0) console.log(`${(number + 1) * SIZE} files, ${failed} rounds failed so far`)
}

const seconds = Math.round((performance.now() - begun) / 1000)
const { rows, delivered, duplicates, quarantined } = sums
console.log(
  `${rounds * SIZE} files: ${rows} rows in = ${delivered} delivered + ${duplicates} duplicates + ${quarantined} quarantined; ` +
    `${failed} rounds failed, ${seconds} s, ${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
)
process.exit(failed === 0 && rows === delivered + duplicates + quarantined ? 0 : 1)
