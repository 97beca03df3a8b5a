// `npm run scale`: a million objects over a year, through the real sweep and the real ledger on disk, in this process
// alone. Fails when a figure that is promised does not hold. `-- --objects 50000 --days 20` is a smaller year.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cost, eventsIn, Year } from './year.ts'

const { values } = parseArgs({
  options: { days: { type: 'string', default: '365' }, objects: { type: 'string', default: '1000000' } },
})
const RSS_MIB = 300
const BYTES_PER_OBJECT = 200
/** How long a call may keep the process to itself, in milliseconds of the processor's time. */
const SEAL_CPU_MS = 50
const HOUR = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'scale-'))
let failed = 0

function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

type Figures = Readonly<Record<string, number | string | boolean>>

function say(what: string, figures: Figures): void {
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

function shown({ ms, rows, lists, listed, fresh }: Cost): Figures {
  return { seconds: ms / 1000, lists, listed, new: fresh, 'rows written': rows, 'peak RSS MiB': peakMiB() }
}

async function findAll(year: Year): Promise<void> {
  const objects = year.bucket.size
  const first = await year.sweep()
  say('first sweep', shown(first))
  check('every object is found', first.complete && first.fresh === objects)
  check(`at most ${RSS_MIB} MiB resident`, peakMiB() <= RSS_MIB)
  say('  its calls of see', { ...year.seeing.longest })
  say('  ledger with a row for each', { 'bytes an object': year.weigh().file / objects })
}

function deliverAll(year: Year): void {
  const begun = performance.now()
  const objects = year.deliver(eventsIn)
  say('delivered and sealed', { seconds: (performance.now() - begun) / 1000, objects, 'peak RSS MiB': peakMiB() })
  say('  its calls of seal', { ...year.sealing.longest })
  check(`a call of seal takes at most ${SEAL_CPU_MS} ms of the processor`, year.sealing.longest.cpuMs <= SEAL_CPU_MS)
  const sealed = objects - year.open
  const { file, free, rows, claims, parts, ...weights } = year.weigh()
  const each = Object.fromEntries([...parts].map(([name, bytes]) => [name, bytes / sealed]))
  say('ledger', {
    MiB: file / 2 ** 20,
    'MiB free': free / 2 ** 20,
    'MiB rows': rows / 2 ** 20,
    'MiB claims': claims / 2 ** 20,
  })
  say('  of sealed objects', {
    sealed,
    MiB: weights.sealed / 2 ** 20,
    'bytes an object': weights.sealed / sealed,
    ...each,
  })
  check(`at most ${BYTES_PER_OBJECT} bytes a sealed object`, weights.sealed / sealed <= BYTES_PER_OBJECT)
}

async function sweepOn(year: Year): Promise<void> {
  const { bucket, clock } = year
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
}

async function sweepDeep(year: Year): Promise<void> {
  const { bucket, clock } = year
  const now = clock.now()
  const half = Math.floor(Number(values.days) / 2) * 24 * HOUR
  bucket.put(now - half - 5 * 24 * HOUR, 'very late')
  bucket.rewrite(now - (now % HOUR) - half)
  const deep = await year.sweep(true)
  say('a sweep of everything', shown(deep))
  check('exactly the very late and the rewritten object are new', deep.fresh === 2 && deep.listed > bucket.size)
  check('the rewritten one is told', year.told.filter(({ type }) => type === 'object_altered').length === 1)
  check('few rows are written', deep.rows < 100)
  check(`at most ${RSS_MIB} MiB resident to the end`, peakMiB() <= RSS_MIB)
}

try {
  const begun = performance.now()
  const days = Number(values.days)
  const perHour = Math.ceil(Number(values.objects) / (days * 24))
  const year = new Year(join(folder, 'ledger.db'), { days, perHour })
  await findAll(year)
  deliverAll(year)
  await sweepOn(year)
  await sweepDeep(year)
  const foreign = year.told.flatMap((event) => (event.type === 'objects_ignored' ? [event] : []))
  say('objects of others', { told: foreign.length, counted: foreign[0]?.count ?? 0, example: foreign[0]?.key ?? '' })
  say('in all', { minutes: (performance.now() - begun) / 60_000, 'peak RSS MiB': peakMiB() })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
