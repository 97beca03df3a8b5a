// npm run simulate -- [--seeds N] [--seed S] [--fault NAME] [--faults] [--medium memory|file] [--verbose]
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FAULTS } from './faults.ts'
import { commit } from './faulty.ts'
import type { Result } from './world.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    fault: { type: 'string' },
    faults: { type: 'boolean', default: false },
    medium: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

/** Every so often a seed is run twice: it must replay exactly, or no failure could be looked into. */
const REPLAY = 50

type Simulate = typeof import('./world.ts').simulate

const medium = (['memory', 'file'] as const).find((name) => name === values.medium)

async function main(): Promise<number> {
  if (values.faults) return allFaults()
  if (values.fault !== undefined) commit(values.fault)
  // The product comes in only now, with its fault if it is to have one.
  const { simulate } = await import('./world.ts')
  if (values.seed !== undefined) return one(simulate, Number(values.seed))
  return many(simulate, Number(values.from), Number(values.seeds))
}

async function one(simulate: Simulate, seed: number): Promise<number> {
  const result = await simulate(seed, { keep: values.verbose, medium })
  for (const line of result.lines) console.log(line)
  report(result)
  return result.broken.length === 0 ? 0 : 1
}

async function many(simulate: Simulate, first: number, count: number): Promise<number> {
  const begun = performance.now()
  const failed: number[] = []
  let events = 0
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await checked(simulate, seed)
    events += result.events
    if (result.broken.length > 0) {
      failed.push(seed)
      report(result)
      // With a fault in place the question is only whether it is noticed.
      if (values.fault !== undefined) break
    }
    if (seed % 100 === 0) console.log(`seed ${seed}: ${failed.length} failed so far`)
  }
  const ms = performance.now() - begun
  console.log(`${count} seeds, ${events} events, ${failed.length} failed, ${Math.round(ms / count)} ms a seed`)
  if (failed.length > 0) console.log(`failing seeds: ${failed.join(' ')}`)
  return failed.length === 0 ? 0 : 1
}

async function checked(simulate: Simulate, seed: number): Promise<Result> {
  const result = await simulate(seed, { keep: false, medium })
  if (seed % REPLAY !== 0) return result
  const again = await simulate(seed, { keep: false, medium })
  if (again.hash === result.hash) return result
  return { ...result, broken: [...result.broken, `replay: ${result.hash} became ${again.hash}`] }
}

function report({ seed, broken, hash, events, alarms, virtualMs }: Result): void {
  const days = (virtualMs / 86_400_000).toFixed(1)
  console.log(`seed ${seed}: ${events} events in ${days} days, ${alarms} alarms, trace ${hash}`)
  for (const promise of broken) console.log(`  BROKEN ${promise}`)
}

/** Every deliberate fault in a process of its own, with as many seeds as it takes. */
function allFaults(): number {
  const missed = FAULTS.filter(({ name }) => {
    const args = ['--conditions=@circleci-audit-forwarder/source', fileURLToPath(import.meta.url)]
    try {
      execFileSync(process.execPath, [...args, '--fault', name, '--seeds', values.seeds], { encoding: 'utf8' })
      console.log(`${name}: NOT CAUGHT by ${values.seeds} seeds`)
      return true
    } catch (error) {
      const said = String((error as { stdout?: unknown }).stdout)
      const caught = /failing seeds: (\d+)/.exec(said)?.[1]
      console.log(
        `${name}: ${caught === undefined ? 'DOES NOT RUN' : `caught by seed ${caught}`}: ${/BROKEN (.*)/.exec(said)?.[1]}`,
      )
      return caught === undefined
    }
  })
  return missed.length === 0 ? 0 : 1
}

process.exitCode = await main()
