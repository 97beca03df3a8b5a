// A CSV of a range that the stream delivered with 1 % of it missing. Beside the running forwarder exactly the missing 1 % is
// forwarded, and the report names where. Then the same without a forwarder, from standard input, to a destination that is
// down; killed in the middle, the import is gone on with by a command that is given no file at all.
import { readdirSync, writeFileSync } from 'node:fs'
import type { ImportReport } from '../../../src/pipeline/imports/report.ts'
import { csv } from '../../receiver/csv/rows.ts'
import { startScript } from '../../tools/start-script.ts'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import type { Forwarder } from '../stage/forwarder.ts'
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
  writeFileSync(
    table,
    csv(
      lines.map((line) => JSON.parse(line)),
      columns,
    ),
  )

  const forwarder = scene.start()
  await forwarder.until('the stream has arrived', async () => (await collector.records()) >= all.length - lost.size)
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

  const resumed = await killedAndResumed(scene, collector)
  mustBeWhole('otlp_http', [...all, ...resumed], await collector.ids())
  mustBeWhole('file', [...all, ...resumed], await allIdsInFile(path))
  must(readdirSync(scene.path('ledger.db.imports')).length === 0, 'something is left staged')
  return {
    events: all.length,
    missing: lost.size,
    forwarded: lost.size,
    repeated: 0,
    seconds: took,
    forwarderMiB: peak,
  }
})

function withoutLines(body: string, lost: ReadonlySet<string>): string {
  return body
    .split('\n')
    .filter((line) => !lost.has(line))
    .join('\n')
}

type Scene = Parameters<Parameters<typeof inScene>[1]>[0]

/** A file through a pipe, to a destination that is down; the command is killed, and another one goes on. Returns its ids. */
async function killedAndResumed(
  scene: Scene,
  collector: Awaited<ReturnType<Scene['destination']>>,
): Promise<readonly string[]> {
  const lines = Array.from({ length: 300 }, (_, index) =>
    scene.corpus.line(Date.now() - 90 * 24 * HOUR + index * 60_000),
  )
  const table = scene.path('second.csv')
  writeFileSync(
    table,
    csv(
      lines.map(({ text }) => JSON.parse(text)),
      columns,
    ),
  )
  await collector.shut()
  const node = [process.execPath, ...startScript.flags, 'src/cli/main.ts', 'import', '-', '--config', scene.configPath]
  const quoted = node.map((word) => `'${word}'`).join(' ')
  const piped = scene.start(['-c', `cat '${table}' | ${quoted}`], { command: 'sh' })
  await piped.until('it is staged and asked for', () => staged(scene).some((name) => name.endsWith('.differences')))
  piped.destroy()
  await piped.exited
  await collector.open()
  const resumed: Forwarder = scene.start(['import', '--json'])
  await resumed.mustExit(0)
  const report = JSON.parse(resumed.stdout) as ImportReport
  must(report.file.rows === lines.length, `${report.file.rows} rows, not ${lines.length}`)
  return lines.map(({ id }) => id)
}

function staged(scene: Scene): readonly string[] {
  return readdirSync(scene.path('ledger.db.imports'))
}
