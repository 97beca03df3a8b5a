// A hole in the stream, from the alarm to the repair, by the commands an operator has: the forwarder learns the rhythm from
// the bucket, finds the silence, and tells every destination; the alarm is found in Splunk by the searches that the page on gaps
// prints, as sent to its HTTP Event Collector; a file downloaded from CircleCI brings what was in it; and the destinations are
// told that it is over, and why.
import { readFileSync, writeFileSync } from 'node:fs'
import { alarmSearch, openSearch } from '../../docs/searches.ts'
import { csv } from '../../receiver/csv/rows.ts'
import type { Row } from '../../tools/siem/flat.ts'
import { type Envelope, searchSplunk } from '../../tools/siem/splunk.ts'
import { type Case, type Figures, inScene, must, seconds } from '../stage/case.ts'
import { allIdsInFile, type Destination } from '../stage/destination.ts'
import { file, hec } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const prefix = 'circleci_audit_forwarder.'
const out = 'audit.jsonl'

interface Said {
  readonly eventName: string
  readonly attributes: Readonly<Record<string, unknown>>
}

interface ListedGap {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly from: string
  readonly to: string | null
  readonly closedBecause: string | null
}

export const hole: Case = inScene('hole', async (scene, size) => {
  const [weeks, everyMinutes] = size === 'full' ? [10, 5] : [3, 20]
  const now = Date.now()
  const count = Math.floor((weeks * 7 * DAY) / (everyMinutes * MINUTE))
  const all = Array.from({ length: count }, (_, index) =>
    scene.corpus.file(now - (index + 1) * everyMinutes * MINUTE + jitter(index), 1),
  )
  const [from, to] = [now - 13 * HOUR, now - 3 * HOUR]
  const lost = all.filter(({ stampedAt }) => stampedAt > from && stampedAt < to)
  const wanted = all.filter(({ stampedAt }) => stampedAt > now - 2 * DAY)
  const receiver = await scene.putInFolder(all.filter((one) => !lost.includes(one)))
  const splunk = await scene.destination('hec')
  const exporters = { file: file(scene.path(out)), splunk_hec: hec(splunk, 200, { index: 'audit' }) }
  await scene.configure({ receiver: { ...receiver, start_at: '-2d' }, exporters, ownRecords: true })

  const begun = performance.now()
  await scene.runOnce()
  const found = seconds(performance.now() - begun)
  const gap = await theGap(scene)
  must(gap.state === 'open' && gap.to !== null, `the hole is ${gap.state}, until ${gap.to}`)
  must(Date.parse(gap.from) <= from + everyMinutes * MINUTE * 2, `it begins ${gap.from}`)
  const opened = told(scene, 'gap.opened').find(({ attributes }) => attributes[`${prefix}gap_id`] === gap.id)
  must(opened !== undefined, 'no gap.opened has arrived')
  must(told(scene, 'gap.closed').length === 0, 'a gap.closed has arrived before the repair')
  await mustAlarm(splunk, gap)

  const { gaps, receivers } = await scene.status()
  must(gaps[0]?.id === gap.id, `status shows ${JSON.stringify(gaps)}`)
  const provable = receivers[0]?.floors.filter((floor) => floor !== null).length ?? 0
  must(provable > 0, 'no silence of this stream would ever be told')

  const closed = size === 'full' ? await besideForwarder(scene, all, lost) : await alone(scene, all, lost)
  const after = await theGap(scene)
  must(after.state === 'healed', `the hole is ${after.state} after the import`)
  must(after.closedBecause?.includes('imported from') === true, `closed because ${after.closedBecause}`)
  must(closed[`${prefix}gap_closed_because`] === after.closedBecause, 'the destination was told another reason')
  const open = await search(splunk, openSearch('spl'))
  must(open.length === 0, `Splunk finds that ${JSON.stringify(open)} is open after the repair`)
  mustBeWhole('file', idsOf(wanted), await allIdsInFile(scene.path(out)), true)
  mustBeWhole('splunk_hec', idsOf(wanted), await splunk.ids(), true)
  return { objects: all.length, lost: lost.length, found, kind: gap.kind } satisfies Figures
})

/** Splunk finds the alarm, and what is open, by the searches that are printed. */
async function mustAlarm(splunk: Destination, gap: ListedGap): Promise<void> {
  const [alarm, another] = await search(splunk, alarmSearch('Splunk'))
  must(alarm !== undefined && another === undefined, `${alarm === undefined ? 'no' : 'more than one'} alarm is found`)
  const expected = {
    gap_id: gap.id,
    gap_kind: gap.kind,
    gap_severity: 'critical',
    gap_state: 'open',
    gap_from: gap.from,
  }
  for (const [name, value] of Object.entries(expected)) {
    const found = alarm?.[`attributes.${prefix}${name}`]
    must(found === value, `the alarm's ${name} is ${found}, not ${value}`)
  }
  must(alarm?.['severity'] === 'critical', `the alarm's severity is ${alarm?.['severity']}`)
  must(alarm?.['attributes.circleci_audit_forwarder.gap_next']?.includes('import') === true, 'no next step is said')
  const open = await search(splunk, openSearch('spl'))
  must(
    open.map((row) => `${row['own.gap_id']} ${row['own.gap_kind']}`).join() === `${gap.id} ${gap.kind}`,
    JSON.stringify(open),
  )
  must(
    open[0]?.['own.gap_evidence'] !== undefined && open[0]['own.gap_next'] !== undefined,
    `of what is open: ${JSON.stringify(open)}`,
  )
}

async function search(splunk: Destination, spl: string): Promise<readonly Row[]> {
  return searchSplunk(spl, await splunk.own<Envelope>(), Date.now())
}

/** No stream is a clock. */
function jitter(index: number): number {
  return ((index * 7919) % 240) * 1_000
}

function idsOf(files: readonly { readonly ids: readonly string[] }[]): readonly string[] {
  return files.flatMap(({ ids }) => ids)
}

type Files = readonly { readonly body: string; readonly stampedAt: number }[]

/** The file that CircleCI would give: all events around the hole, and those within. */
function download(scene: Scene, all: Files, lost: Files): string {
  const [first, last] = [Math.min(...lost.map(stamp)) - 2 * HOUR, Math.max(...lost.map(stamp)) + 2 * HOUR]
  const inside = all.filter(({ stampedAt }) => stampedAt > first && stampedAt < last)
  const events = inside.flatMap(({ body }) => body.trimEnd().split('\n')).map((line) => JSON.parse(line) as object)
  const path = scene.path('audit-log.csv')
  const columns = ['id', 'version', 'action', 'payload', 'metadata', 'occurred_at', 'actor', 'target', 'scope']
  writeFileSync(
    path,
    csv(events as Record<string, unknown>[], [...columns, 'success', 'request', 'organization', 'account']),
  )
  return path
}

function stamp({ stampedAt }: { readonly stampedAt: number }): number {
  return stampedAt
}

async function alone(scene: Scene, all: Files, lost: Files): Promise<Said['attributes']> {
  await scene.start(['import', download(scene, all, lost), '--json']).mustExit(0)
  await scene.runOnce()
  return closing(scene)
}

async function besideForwarder(scene: Scene, all: Files, lost: Files): Promise<Said['attributes']> {
  const forwarder = scene.start()
  const open = 'circleci_audit_forwarder_gaps_open{kind="hour_missing",severity="critical"} 1'
  await forwarder.until('the gap is in the metrics', () => shows(`${scene.metricsUrl}/metrics`, open))
  await forwarder.until('the calendar shows it', () => shows(`${scene.adminUrl}/api/hours`, '"suspect"'), 180_000)
  await scene.start(['import', download(scene, all, lost), '--json']).mustExit(0)
  await forwarder.until('the gap is told to be over', () => told(scene, 'gap.closed').length > 0, 180_000)
  await forwarder.stop()
  await forwarder.mustExit(0)
  return closing(scene)
}

async function shows(url: string, text: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined)
  return (await answer?.text())?.includes(text) === true
}

function closing(scene: Scene): Said['attributes'] {
  const [record] = told(scene, 'gap.closed')
  must(record !== undefined, 'no gap.closed has arrived')
  return record?.attributes ?? {}
}

/** The one silence there is. */
async function theGap(scene: Scene): Promise<ListedGap> {
  const command = scene.start(['gaps', '--json'])
  await command.mustExit(0)
  const { gaps } = JSON.parse(command.stdout) as { readonly gaps: readonly ListedGap[] }
  const [gap, another] = gaps.filter(({ kind }) => kind === 'hour_missing' || kind === 'stream_silent')
  if (gap === undefined || another !== undefined) throw new Error(`the gaps are ${JSON.stringify(gaps)}`)
  return gap
}

function told(scene: Scene, kind: string): readonly Said[] {
  const lines = readFileSync(scene.path(out), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Said).filter(({ eventName }) => eventName === `${prefix}${kind}`)
}
