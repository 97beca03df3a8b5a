// A real Prometheus reads a real forwarder, with the rules and with what every panel asks: what promtool cannot see is
// whether the series that the program really has can be put together as the queries want. Where there is no prometheus
// (Debian: apt-get install prometheus), that is said and nothing is asked.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { rows } from '../../deploy/grafana/dashboard.ts'
import { root } from '../docs/checkout.ts'
import { file, hec } from '../e2e/stage/exporters.ts'
import type { Forwarder } from '../e2e/stage/forwarder.ts'
import { Scene } from '../e2e/stage/scene.ts'
import { until } from '../e2e/stage/until.ts'
import { freePort } from '../tools/free-port.ts'
import { alerts, rulesFile } from './alerts.ts'

const installed = spawnSync('prometheus', ['--version']).error === undefined
const HOUR = 3_600_000

interface Series {
  readonly metric: Readonly<Record<string, string>>
}

/** What the program can have no series of here: nothing failed, nothing is billed, nothing expires, no queue. */
const absent = [
  'Attempts that did not deliver: {{destination}}: reading, {{kind}}',
  'Retries: {{destination}}: halved',
  'Retries: {{destination}}: made anew',
  'Requests that are billed: {{service}} {{operation}}',
  'In the queues: {{receiver}}: waiting',
  'In the queues: {{receiver}}: in flight',
  'Open gaps: {{kind}}',
  'Certificates and signatures: {{component}} {{setting}}',
  'Clock: {{receiver}}',
  // One forwarder without a checkpoint.
  'Which one sends: {{instance}}',
  'Which one sends: epoch',
  'Age of the checkpoint: age',
  'Size of the checkpoint: {{instance}}',
  'Checkpoints and renewals: checkpoints {{result}}',
  'Checkpoints and renewals: renewals failed',
  'Checkpoints and renewals: ledgers restored',
]

describe.skipIf(!installed)('Prometheus beside a forwarder (skipped where prometheus is not installed)', () => {
  const scene = new Scene('prometheus')
  let prometheus: ChildProcess
  let api: string
  let forwarder: Forwarder

  async function ask(path: string): Promise<{ readonly status: string; readonly data: never }> {
    return (await (await fetch(`${api}/${path}`)).json()) as never
  }

  async function series(query: string): Promise<readonly Series[]> {
    const { status, data } = await ask(`query?query=${encodeURIComponent(query)}`)
    expect(status, query).toBe('success')
    return (data as { readonly result: readonly Series[] }).result
  }

  async function rules(): Promise<readonly { name: string; health: string; state: string }[]> {
    return ((await ask('rules')).data as { groups: readonly { rules: never }[] }).groups.flatMap((group) => group.rules)
  }

  beforeAll(async () => {
    const files = [30, 20, 3, 2].map((hours) => scene.corpus.file(Date.now() - hours * HOUR, 5))
    const receiver = { ...(await scene.putInFolder(files)), retention: '2d' }
    const refusing = await scene.destination('hec')
    await refusing.behave({ kind: 'refuse', status: 403, body: '{"text":"Invalid token","code":4}' })
    const exporters = { file: file(scene.path('out.ndjson')), 'splunk_hec/soc': hec(refusing) }
    const notify = { endpoint: refusing.endpoint }
    await scene.configure({ receiver, exporters, ownRecords: true, service: { notify } })
    forwarder = scene.start()
    await forwarder.said('splunk_hec/soc: stopped')
    const address = `127.0.0.1:${await freePort()}`
    api = `http://${address}/api/v1`
    const scraped = { job_name: 'audit', static_configs: [{ targets: [scene.metricsUrl.replace('http://', '')] }] }
    const global = { scrape_interval: '1s', evaluation_interval: '1s' }
    const settings = { global, rule_files: [join(root, rulesFile)], scrape_configs: [scraped] }
    writeFileSync(scene.path('prometheus.yaml'), stringify(settings))
    const flags = [`--config.file=${scene.path('prometheus.yaml')}`, `--storage.tsdb.path=${scene.path('tsdb')}`]
    prometheus = spawn('prometheus', [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' })
    await until(
      'prometheus has read the forwarder ten times',
      async () => {
        const enough = 'count_over_time(circleci_audit_forwarder_build_info[5m]) >= 10'
        return (await series(enough).catch(() => [])).length === 1
      },
      120_000,
    )
  }, 180_000)

  afterAll(async () => {
    if (prometheus?.exitCode === null && prometheus.kill()) await once(prometheus, 'exit')
    await scene.close()
  })

  test('it takes every rule', async () => {
    await until('every rule was evaluated', async () => (await rules()).every(({ health }) => health !== 'unknown'))
    const evaluated = await rules()
    expect(evaluated).toHaveLength(alerts.length)
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([])
  })

  test('the alerts that there is reason for are those that are about to fire', async () => {
    const pending = async () => (await rules()).filter(({ state }) => state !== 'inactive').map(({ name }) => name)
    const expected = ['BufferExpiring', 'DestinationStopped', 'WatermarkBehind', 'WatermarkFarBehind']
    await until('the refusing destination was noticed', async () => (await pending()).length >= expected.length)
    // What the watch finds once a minute may have come by now.
    const later = ['GapCritical', 'GapOpen']
    const names = (await pending())
      .map((name) => name.replace('AuditForwarder', ''))
      .filter((name) => !later.includes(name))
    expect(names.sort()).toEqual(expected)
  })

  test('every panel has something to show', async () => {
    const empty: string[] = []
    for (const { title, queries } of rows.flatMap(({ panels }) => panels)) {
      for (const { expr, legend } of queries) {
        const query = expr.replaceAll('$__rate_interval', '5s').replaceAll(/\$(?:job|destination|receiver)\b/g, '.*')
        if ((await series(query)).length === 0) empty.push(`${title}: ${legend}`)
      }
    }
    expect(empty.filter((one) => !absent.includes(one))).toEqual([])
  })

  test('a forwarder that is gone is noticed', async () => {
    expect(await series(alerts.find(({ alert }) => alert === 'AuditForwarderDown')!.expr)).toEqual([])
    await forwarder.stop()
    await forwarder.mustExit(0)
    await until('Prometheus misses it', async () => {
      return (await rules()).some(({ name, state }) => name === 'AuditForwarderDown' && state === 'pending')
    })
  }, 120_000)
})

test.runIf(!installed)('there is no prometheus here: nothing was asked', () => expect(installed).toBe(false))
