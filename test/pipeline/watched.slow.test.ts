// What is watched, through the whole pipeline: a bucket whose listing may fail, the real reader, lanes and ledger, and a
// configuration as a user writes it.
import { expect, test } from 'vitest'
import { statusDocument } from '../../src/admin/status.ts'
import { watchRules } from '../../src/cli/watching.ts'
import { parseConfig } from '../../src/config/load.ts'
import { SourceFailure } from '../../src/domain/failures.ts'
import type { WatchRules } from '../../src/pipeline/parts.ts'
import type { Page } from '../../src/receiver/store.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { components, world } from '../config/components.ts'
import { MemoryStore } from '../fuzz/world.ts'
import { event } from '../receiver/decode/bodies.ts'
import { scrape } from '../telemetry/scraping.ts'
import type { FakeClock } from '../tools/fake-clock.ts'
import { receiver, Stage } from './stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A bucket on the clock of the stage. */
class Bucket extends MemoryStore {
  listable = true
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    super()
    this.#clock = clock
  }

  override async *list(under: string): AsyncGenerator<Page> {
    if (!this.listable) throw new SourceFailure('cannot list the bucket: s3:ListBucket is missing')
    const objects = this.sightings.filter(({ key }) => key.startsWith(under))
    yield { objects: objects.map((one) => ({ ...one, modified: stampIn(one.key) })), date: this.#clock.now() }
  }

  /** An object that is written now, with these events. */
  write(...events: readonly string[]): void {
    const at = new Date(this.#clock.now())
    const [year, month, day, hour] = at.toISOString().split(/[-T:]/)
    const key = `year=${year}/month=${month}/day=${day}/hour=${hour}/${at.toISOString().slice(0, 19)}_a1`
    this.put({ key, version: 'v', bytes: Buffer.from(`${events.join('\n')}\n`) })
  }
}

function stampIn(key: string): number {
  return Date.parse(`${key.split('/').at(-1)?.slice(0, 19)}Z`)
}

/** A pipeline that runs until the test is over, and its bucket. */
async function running(rules: WatchRules, expectOrganization: string | undefined, play: Play): Promise<void> {
  let bucket: Bucket | undefined
  const stage = new Stage((clock) => {
    bucket = new Bucket(clock)
    return [{ ...receiver('circleci_audit', bucket), expectOrganization }]
  })
  const end = new AbortController()
  const run = stage.pipeline({ watch: rules }).run(end.signal)
  const pass = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 1) await stage.clock.advance(MINUTE)
  }
  try {
    await play({ stage, bucket: bucket as Bucket, pass })
  } finally {
    end.abort()
    await stage.finished(run)
  }
}

type Play = (parts: {
  readonly stage: Stage
  readonly bucket: Bucket
  pass(minutes: number): Promise<void>
}) => Promise<void>

async function configured(more: string): Promise<WatchRules> {
  const text = `
receivers:
  circleci_audit: { store: { directory: { path: /tmp } }, ${more} }
exporters: { console: }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } } }
`
  return watchRules((await parseConfig(text, 'config.yaml', components, world)).config)
}

const everyHour = 'expect: [{ match: { action: workflow.start, target: audit-canary }, every: 1h, grace: 30m }]'
let made = 0

function canary(at: number, organization: string): string {
  made += 1
  return event(`canary ${made}`, {
    action: 'workflow.start',
    target: { id: 'w', type: 'workflow', name: 'audit-canary' },
    organization: { id: `id of ${organization}`, type: 'organization', name: organization },
    occurred_at: new Date(at).toISOString(),
  })
}

const openKinds = ({ memory }: Stage): readonly string[] => memory.watch.gaps({ closed: 0 }).map(({ kind }) => kind)

test.each([
  ['the expected organisation', 'acme', []],
  // Whose event is in quarantine, too.
  ['another organisation', 'globex', ['expected_missing', 'object_unreadable']],
])('a configured event that comes every hour, and then from %s: %s', async (_whose, organization, kinds) => {
  await running(await configured(everyHour), 'acme', async ({ stage, bucket, pass }) => {
    await pass(5)
    bucket.write(canary(stage.clock.now() - MINUTE, 'acme'))
    await pass(60)
    expect(openKinds(stage)).toEqual([])
    bucket.write(canary(stage.clock.now() - MINUTE, organization))
    await pass(45)
    expect(openKinds(stage).toSorted()).toEqual(kinds)
  })
})

test('a configured event that stays out is a gap until it comes, and other events do not stand for it', async () => {
  await running(await configured(everyHour), 'acme', async ({ stage, bucket, pass }) => {
    await pass(5)
    const last = stage.clock.now() - MINUTE
    bucket.write(canary(last, 'acme'))
    await pass(60)
    bucket.write(event('another', { action: 'workflow.start', occurred_at: new Date(stage.clock.now()).toISOString() }))
    await pass(45)
    expect(stage.memory.watch.gaps({ closed: 0 })).toMatchObject([
      { kind: 'expected_missing', severity: 'critical', receiver: 'circleci_audit', from: last + HOUR },
    ])
    bucket.write(canary(stage.clock.now(), 'acme'))
    await pass(3)
    expect(openKinds(stage)).toEqual([])
    expect(stage.memory.watch.gaps({ closed: 1 })).toMatchObject([{ closed: { why: 'it came' } }])
    expect(stage.of('gap_opened')).toHaveLength(1)
  })
})

test('while the bucket cannot be listed nothing advances, the lag grows and is shown; then it goes on', async () => {
  await running(
    await configured('silence: { ceiling: 15m, floor: 15m }'),
    undefined,
    async ({ stage, bucket, pass }) => {
      const metrics = new Metrics({ version: '1.0.0', now: () => stage.clock.now() })
      metrics.watch(() => stage.memory.accounts())
      const shown = async () => {
        const [account] = stage.memory.accounts()
        const sources = {
          accounts: stage.memory.accounts(),
          retired: [],
          totals: stage.memory.totals(),
          receivers: ['circleci_audit'],
        }
        const { destinations } = statusDocument({ ...sources, now: stage.clock.now() } as never)
        const text = await scrape(metrics)
        const metric = (name: string) => Number(new RegExp(`${name}{[^}]*} (\\S+)`).exec(text)?.[1])
        const { watermark, watermarkAgeSeconds } = destinations[0] ?? {}
        return {
          sweptTo: account?.sweptTo,
          watermark: Date.parse(watermark ?? ''),
          metric: metric('watermark_timestamp_seconds') * 1000,
          ages: [watermarkAgeSeconds ?? Number.NaN, metric('watermark_age_seconds')],
        }
      }
      bucket.write(event('first'))
      await pass(10)
      const before = await shown()
      expect(before.watermark).toBe(before.metric)
      expect(before.watermark).toBe((before.sweptTo ?? 0) - 5 * MINUTE)

      bucket.listable = false
      bucket.write(event('unseen'))
      await pass(40)
      const frozen = await shown()
      expect([frozen.sweptTo, frozen.watermark, frozen.metric]).toEqual([
        before.sweptTo,
        before.watermark,
        before.metric,
      ])
      for (const [index, age] of frozen.ages.entries()) expect(age - (before.ages[index] ?? 0)).toBeCloseTo(40 * 60, -1)
      // Blind is not silent: the ceiling is a quarter of an hour, and only the listing is said to fail.
      expect(openKinds(stage)).toEqual(['source_unreachable'])
      expect(stage.memory.accounts()).toMatchObject([{ delivered: 1, outstanding: 0 }])

      bucket.listable = true
      await pass(3)
      const after = await shown()
      expect(after.watermark).toBeGreaterThan(before.watermark + 40 * MINUTE)
      expect(after.metric).toBe(after.watermark)
      expect(stage.memory.accounts()).toMatchObject([{ delivered: 2, outstanding: 0 }])
      expect(openKinds(stage)).not.toContain('source_unreachable')
    },
  )
})
