// node --conditions=@circleci-audit-forwarder/source test/fuzz/objects.ts [--count 100000] [--seed 1] [--round N]
import { parseArgs } from 'node:util'
import { round } from './round.ts'

/** Objects of one bucket. */
const SIZE = 250
/** Rounds between words. */
const WORD = 40
/** A round that takes longer hangs, in milliseconds: alone it takes a second or two, on a busy machine a minute. */
const HANG_MS = 600_000

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    round: { type: 'string' },
  },
})
const [seed, only] = [Number(values.seed), values.round]
const rounds = only === undefined ? Math.ceil(Number(values.count) / SIZE) : 1
const sums = { events: 0, delivered: 0, duplicates: 0, quarantined: 0 }
const begun = performance.now()
let failed = 0

for (let number = 0; number < rounds; number += 1) {
  const which = only === undefined ? number : Number(only)
  const timer = setTimeout(() => {
    console.log(`HANGS --seed ${seed} --round ${which}`)
    process.exit(1)
  }, HANG_MS)
  const { wrong, ...counts } = await round(seed, which, SIZE)
  clearTimeout(timer)
  for (const name of ['events', 'delivered', 'duplicates', 'quarantined'] as const) sums[name] += counts[name]
  if (wrong.length > 0) {
    failed += 1
    console.log(`FAIL  --seed ${seed} --round ${which}`)
    for (const line of wrong.slice(0, 10)) console.log(`      ${line}`)
  }
  if ((number + 1) % WORD === 0) console.log(`${(number + 1) * SIZE} objects, ${failed} rounds failed so far`)
}

const seconds = Math.round((performance.now() - begun) / 1000)
const { events, delivered, duplicates, quarantined } = sums
console.log(
  `${rounds * SIZE} objects: ${events} in = ${delivered} delivered + ${duplicates} duplicates + ${quarantined} quarantined; ` +
    `${failed} rounds failed, ${seconds} s, ${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
)
process.exit(failed === 0 && events === delivered + duplicates + quarantined ? 0 : 1)
