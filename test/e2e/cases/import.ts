// A CSV of a range that the stream delivered with 1 % of it missing. Beside the running forwarder exactly the missing 1 % is
// forwarded, and the report names where. Then the same without a forwarder, from standard input, to a destination that is
// down; killed in the middle, the import is gone on with by a command that is given no file at all.
import { readdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ImportReport } from '../../../src/pipeline/imports/report.ts'
import { csv } from '../../receiver/csv/rows.ts'
import { startScript } from '../../tools/start-script.ts'
import { type Case, inScene, must, type Size, seconds } from '../stage/case.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const HOUR = 3_600_000
const MIB = 1024 * 1024
const columns = [
  ...[
    'id',
    'version',
    'action',
    'payload',
    'metadata',
    'occurred_at',
    'actor',
    'target',
    'scope',
    'success',
    'request',
  ],
  ...['organization', 'account', 'common_fields'],
]

export const importing: Case = inScene('import', async (scene, size) => {
  const objects = size === 'full' ? 2_000 : 40
  const perObject = size === 'full' ? 50 : 10
  const whole = Array.from({ length: objects }, (_, index) =>
    scene.corpus.file(Date.now() - 20 * 24 * HOUR + (index * (400 * HOUR)) / objects, perObject),
  )
  // Every hundredth event never reached the bucket.
  const lines = whole.flatMap(({ body }) => body.trimEnd().split('\n'))
  const lost = new Set(lines.filter((_, index) => index % 100 === 50))
  const streamed = whole
    .map((one) => ({ ...one, body: withoutLines(one.body, lost) }))
    .filter(({ body }) => body !== '')
  const all = lines.map((line) => (JSON.parse(line) as { id: string }).id)
  const collector = await scene.destination('otlp')
  const path = scene.path('audit.jsonl')
  const exporters = { otlp_http: otlp(collector), file: file(path) }
  await scene.configure({ receiver: await scene.putInFolder(streamed), exporters })
  const table = scene.path('audit-log.csv')
  writeFileSync(table, tableOf(lines))

  const forwarder = scene.start()
  const arrived = async (): Promise<boolean> => (await collector.records()) >= all.length - lost.size
  await forwarder.until('the stream has arrived', arrived, 300_000)
  const before = Math.round(forwarder.peakBytes() / MIB)
  const begun = performance.now()
  const command = scene.start(['import', table, '--json'])
  await command.mustExit(0)
  const took = seconds(performance.now() - begun)
  const report = JSON.parse(command.stdout) as ImportReport
  for (const { id, alreadyForwarded, forwarded } of report.destinations) {
    must(forwarded === lost.size, `${id} was sent ${forwarded} events, and ${lost.size} were missing`)
    must(alreadyForwarded === all.length - lost.size, `${id}: ${alreadyForwarded} taken for forwarded`)
  }
  must(report.lackingInStream.count === lost.size, `${report.lackingInStream.count} intervals, not ${lost.size}`)
  must(report.lackingInFile.events === 0, 'the file lacks nothing')
  mustBeWhole('otlp_http', all, await collector.ids())
  const peak = Math.round(forwarder.peakBytes() / MIB)
  await forwarder.stop()
  await forwarder.mustExit(0)

  const { ids, once } = await killedAndResumed(scene, collector, size)
  mustBeWhole('otlp_http', [...all, ...ids], await collector.ids(), once)
  mustBeWhole('file', [...all, ...ids], await allIdsInFile(path), once)
  await scene.runOnce()
  must(staged(scene).length === 0, `left staged: ${staged(scene)}`)
  return {
    events: all.length,
    missing: lost.size,
    forwarded: lost.size,
    repeated: 0,
    seconds: took,
    beforeMiB: before,
    peakMiB: peak,
  }
})

function withoutLines(body: string, lost: ReadonlySet<string>): string {
  return body
    .split('\n')
    .filter((line) => !lost.has(line))
    .join('\n')
}

type Collector = Awaited<ReturnType<Scene['destination']>>

function tableOf(lines: readonly string[]): string {
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return csv(events, columns)
}

interface Resumed {
  readonly ids: readonly string[]
  /** What a kill cut off may have been stored already, and goes again. */
  readonly once: boolean
}

/** A file through a pipe, to a destination that is down; the command is killed, and others go on. */
async function killedAndResumed(scene: Scene, collector: Collector, size: Size): Promise<Resumed> {
  const [rows, kills] = size === 'full' ? [30_000, 12] : [300, 0]
  const first = Date.now() - 90 * 24 * HOUR
  const lines = Array.from({ length: rows }, (_, index) => scene.corpus.line(first + index * 20_000))
  const table = scene.path('second.csv')
  writeFileSync(table, tableOf(lines.map(({ text }) => text)))
  await collector.shut()
  const node = [process.execPath, ...startScript.flags, 'src/cli/main.ts', 'import', '-', '--config', scene.configPath]
  const quoted = node.map((word) => `'${word}'`).join(' ')
  const piped = scene.start(['-c', `cat '${table}' | ${quoted}`], { command: 'sh' })
  await piped.until('it is compared', () => staged(scene).some((name) => name.endsWith('.differences')))
  piped.destroy()
  await piped.exited
  await collector.open()
  const ids = lines.map(({ id }) => id)
  for (let kill = 0; kill < kills; kill += 1) {
    const killed = scene.start(['import', '--json'])
    await sleep(900 + 170 * kill)
    killed.destroy()
    await killed.exited
  }
  const last = scene.start(['import', '--json'])
  await last.mustExit(0)
  const said = last.stdout === '' ? undefined : (JSON.parse(last.stdout) as ImportReport)
  must(kills > 0 || said?.file.rows === rows, `${said?.file.rows} rows, not ${rows}`)
  return { ids, once: kills === 0 }
}

function staged(scene: Scene): readonly string[] {
  return readdirSync(scene.path('ledger.db.imports'))
}
