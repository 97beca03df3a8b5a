// What the README promises of a checkout: `npm start` runs, says what it did, shows its state, and Ctrl-C ends it well.
// Ports and written files are moved elsewhere, or it would clash with whoever tries it on the same machine.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StatusDocument } from '../../../src/admin/status.ts'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { root } from '../stage/forwarder.ts'

export const quickStart: Case = inScene('readme-quickstart', async (scene) => {
  await scene.configure({ receiver: {}, exporters: {} })
  const [admin, metrics] = [new URL(scene.adminUrl).host, new URL(scene.metricsUrl).host]
  const original = join(root, 'deploy/quickstart/config.yaml')
  const config = readFileSync(original, 'utf8')
    .replaceAll('deploy/quickstart/state/events.ndjson', scene.path('events.jsonl'))
    .replaceAll('deploy/quickstart/state/', `${scene.folder}/`)
    .replace('127.0.0.1:8686', admin)
    .replace('127.0.0.1:9464', metrics)
  must(
    !config.includes('quickstart/state/e') && config.includes(admin) && config.includes(metrics),
    'the copy is wrong',
  )
  copyFileSync(original, scene.configPath)
  writeFileSync(scene.configPath, config)

  const begun = performance.now()
  const started = scene.start(['start', '--'], { command: 'npm' })
  await started.said('following the bucket')
  const took = performance.now() - begun
  const read = /read\s+(\d+) objects, (\d+) events/.exec(started.stderr)
  must(read !== null, `no summary: ${started.stderr}`)
  must(!started.stderr.includes('nowhere yet'), 'the summary knows no watermark')
  must(started.stderr.includes(`http://${admin}/`), `it does not say where its page is: ${started.stderr}`)
  const { body, status } = await scene.page(`${scene.adminUrl}/api/status`)
  must(status === 200, `the status answers ${status}`)
  const { destinations } = JSON.parse(body) as StatusDocument
  const ids = await allIdsInFile(scene.path('events.jsonl'))
  const delivered = destinations.find(({ id }) => id === 'file')?.delivered
  must(delivered === ids.length && ids.length > 0, `${delivered} delivered, ${ids.length} in the file`)
  must(started.stdout.includes('workflow'), 'the console shows no event')
  started.killGroup('SIGINT')
  // The group's signal reaches the program, and npm passes its own on: one Ctrl-C that arrives twice.
  const { code, signal } = await started.exited
  must(code === 0, `npm start ended with ${code ?? signal}: ${started.stderr}`)
  must(started.stderr.includes('"event":"stopped","clean":true'), `it did not end well: ${started.stderr}`)
  return {
    seconds: seconds(took),
    objects: read?.[1] ?? '',
    events: read?.[2] ?? '',
    delivered: ids.length,
  }
})
