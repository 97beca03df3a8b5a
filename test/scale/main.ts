// `npm run scale`: a million objects over a year, through the real sweep and the real ledger on disk, in this process
// alone. Fails when a figure that is promised does not hold. `-- --per-hour 10` is a smaller year.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cost, eventsIn, Year } from './year.ts'

const { values } = parseArgs({
  options: { days: { type: 'string', default: '365' }, 'per-hour': { type: 'string', default: '115' } },
})
const RSS_MIB = 300
const BYTES_PER_OBJECT = 200
const HOUR = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'scale-'))
let failed = 0

function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

function say(what: string, figures: Readonly<Record<string, number | string | boolean>>): void {
  const said = Object.entries(figures).map(([name, value]) => {
    return `${name} ${typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 1 }) : value}`
  })
  console.log(`${what}: ${said.join(', ')}`)
}

function check(what: string, holds: boolean): void {
  if (holds) return
  failed += 1
  console.log(`  FAILS: ${what}`)
}

function shown({ ms, rows, lists, listed, fresh }: Cost) {
  return { seconds: ms / 1000, lists, listed, new: fresh, 'rows written': rows, 'peak RSS MiB': peakMiB() }
}

try {
  const begun = performance.now()
  const year = new Year(join(folder, 'ledger.db'), { days: Number(values.days), perHour: Number(values['per-hour']) })
  const { bucket, clock } = year
  const objects = bucket.size

  const first = await year.sweep()
  say('first sweep', shown(first))
  check('every object is found', first.complete && first.fresh === objects)
  check(`at most ${RSS_MIB} MiB resident`, peakMiB() <= RSS_MIB)
  say('ledger with a row for each', { MiB: year.bytes / 2 ** 20, 'bytes an object': year.bytes / objects })

  const delivering = performance.now()
  const delivered = year.deliver(eventsIn)
  const deliveringMs = performance.now() - delivering
  say('delivered and sealed', {
    seconds: deliveringMs / 1000,
    objects: delivered,
    'longest seal ms': year.longestSealMs,
  })
  year.reopen()
  const sealed = delivered - year.open
  const bytes = year.bytes / delivered
  say('ledger with seals', { MiB: year.bytes / 2 ** 20, sealed, 'bytes an object': bytes, 'peak RSS MiB': peakMiB() })
  check(`at most ${BYTES_PER_OBJECT} bytes a sealed object`, bytes <= BYTES_PER_OBJECT)

  await clock.advance(60_000)
  const second = await year.sweep()
  say('second sweep', shown(second))
  check('nothing is new, and one row is written: how far it swept', second.fresh === 0 && second.rows <= 1)

  const now = clock.now()
  for (let n = 0; n < 100; n += 1) bucket.put(now - n * 1_000, `now ${n}`)
  for (let n = 0; n < 5; n += 1) bucket.put(now - 47 * HOUR - n * 1_000, `late ${n}`)
  await clock.advance(HOUR)
  const third = await year.sweep()
  say('a sweep with 100 new objects and 5 that are two days late', shown(third))
  check('exactly those are new', third.fresh === 105)

  const half = Math.floor(Number(values.days) / 2) * 24 * HOUR
  bucket.put(now - half - 5 * 24 * HOUR, 'very late')
  bucket.rewrite(now - (now % HOUR) - half)
  const deep = await year.sweep(true)
  say('a sweep of everything', shown(deep))
  check('exactly the very late and the rewritten object are new', deep.fresh === 2 && deep.listed > objects)
  check('the rewritten one is told', year.told.filter(({ type }) => type === 'object_altered').length === 1)
  check('few rows are written', deep.rows < 100)
  check(`at most ${RSS_MIB} MiB resident to the end`, peakMiB() <= RSS_MIB)
  say('in all', { minutes: (performance.now() - begun) / 60_000, 'peak RSS MiB': peakMiB() })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
