// `backfill`: brings a range of object time to destinations once more. The work is a request's; here are only its words, and
// what can be told beforehand without changing anything.
import type { Loaded } from '../config/load.ts'
import { ActionGlob } from '../domain/action.ts'
import { ReadFailure, SetupError } from '../domain/failures.ts'
import type { Sighting } from '../domain/objects.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { AuditReader } from '../pipeline/reader.ts'
import { type BackfillBody, type Backfilled, receiversOf } from '../pipeline/repairs/backfill.ts'
import { eachInRange } from '../pipeline/repairs/listing.ts'
import { sparedFor, withheldIn, withholding } from '../pipeline/repairs/release.ts'
import { answered, noReason, reading } from './answered.ts'
import { openReceivers } from './assemble.ts'
import { backfilledText, backfillProgress, type Forecast, forecastText } from './backfill/text.ts'
import { systemClock } from './clock.ts'
import { instant } from './instant.ts'
import { load } from './load.ts'
import { ProgressLine } from './progress-line.ts'
import type { BackfillOptions } from './repair-options.ts'
import { openStaging } from './staging.ts'
import { version } from './version.ts'

/** 0 when all of it arrived, 1 when something was refused or is gone. Throws SetupError and ConfigError. */
export async function backfill(options: BackfillOptions): Promise<number> {
  const loaded = await load(options)
  const body = bodyOf(options, Date.now())
  if (options.dryRun) return foretell(loaded, body, options)
  const progress = backfillProgress
  const done = await answered<Backfilled & { unreadable?: number }>(loaded, { kind: 'backfill', body, progress })
  if (done === undefined) return 1
  console.log(options.json ? JSON.stringify(done) : backfilledText(done, body))
  return done.quarantined + done.lost + (done.unreadable ?? 0) === 0 ? 0 : 1
}

function bodyOf(options: BackfillOptions, now: number): BackfillBody {
  const { destination, receiver, force, only, why = noReason } = options
  const from = options.from === 'beginning' ? 0 : instant('--from', options.from, now, 0)
  const to = instant('--to', options.to, now, now)
  if (from >= to) throw new SetupError('the range is empty: --from is not before --to')
  if (force && only !== undefined) {
    throw new SetupError('--force and --only exclude each other', {
      hint: '--only sends what filters withheld, which was never sent; --force sends again what was',
    })
  }
  return {
    ...{ from, to, force, why },
    ...(destination !== undefined && { destination }),
    ...(receiver !== undefined && { receiver }),
    ...(only !== undefined && { only }),
  }
}

async function foretell(loaded: Loaded, body: BackfillBody, { json }: BackfillOptions): Promise<number> {
  const line = new ProgressLine()
  try {
    const forecast = await reading(loaded, (ledger) => {
      return body.only === undefined ? survey(loaded, ledger, body, line) : withheld(loaded, ledger, body, line)
    })
    line.clear()
    console.log(json ? JSON.stringify({ dry_run: true, ...forecast }) : forecastText(forecast, body))
    return 0
  } finally {
    line.clear()
  }
}

async function survey(loaded: Loaded, ledger: Ledger, body: BackfillBody, line: ProgressLine): Promise<Forecast> {
  const receivers = await openReceivers(loaded.config, systemClock, version(), () => {})
  const destinations = body.destination === undefined ? undefined : [body.destination]
  const how = { repair: Number.MAX_SAFE_INTEGER, destinations, force: body.force }
  let found = { objects: 0, bytes: 0, taken: 0, waiting: 0, settled: 0 }
  const report = (progress: unknown): void => line.show(`${(progress as typeof found).objects} objects listed`)
  const task = { signal: new AbortController().signal, report }
  const listing = { clock: systemClock, random: Math.random, tell: () => {}, task, attempts: 1 }
  for (const receiver of receiversOf({ ledger, receivers }, body)) {
    const visit = (objects: readonly Sighting[]): typeof found => {
      const bytes = objects.reduce((sum, { size }) => sum + size, 0)
      return { objects: objects.length, bytes, ...ledger.survey(receiver.id, receiver.store.uri, objects, how) }
    }
    found = await eachInRange(receiver, body, found, { ...listing, visit })
  }
  return found
}

async function withheld(loaded: Loaded, ledger: Ledger, body: BackfillBody, line: ProgressLine): Promise<Forecast> {
  const receivers = await openReceivers(loaded.config, systemClock, version(), () => {})
  receiversOf({ ledger, receivers }, body)
  const staging = openStaging(loaded.config)
  const imports = staging && { staging }
  const audit = new AuditReader({ receivers, decode: {}, ledger, clock: systemClock, tell: () => {}, imports })
  const reader = { read: audit.glance.bind(audit), revive: audit.revive.bind(audit) }
  const found = { objects: 0, bytes: 0, taken: 0, waiting: 0, settled: 0, withheld: 0, unreadable: 0 }
  const { signal } = new AbortController()
  for await (const { destination, object } of withholding(ledger, body, await sparedFor(staging, body))) {
    found.objects += 1
    try {
      const glob = new ActionGlob(body.only ?? '*')
      const positions = await withheldIn({ ledger, reader }, destination, object, glob, signal)
      found.withheld += positions.length
      found.taken += positions.length > 0 ? 1 : 0
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error
      found.unreadable += 1
    }
    line.show(`${found.objects} objects read`)
  }
  return found
}
