// What the forwarder says of itself, through the whole program: a run that is to end says that it lived, accounts for the
// hours it completed to the record, and the next one says what its configuration no longer has.
import { readFileSync } from 'node:fs'
import { type Case, type Figures, inScene, must } from '../stage/case.ts'
import { file } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'

const HOUR = 3_600_000

interface Said {
  readonly eventName: string
  readonly body: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> }
}

export const ownRecords: Case = inScene('own-records', async (scene) => {
  const now = Date.now()
  const files = [5, 4, 4, 2].map((hours, n) => scene.corpus.file(now - hours * HOUR - n * 1000, 8 + n))
  const receiver = await scene.putInFolder(files)
  const exporters = { file: file(scene.path('audit.jsonl')), 'file/some': file(scene.path('some.jsonl')) }
  const pipelines = {
    logs: { receivers: ['circleci_audit'], exporters: ['file'] },
    'logs/some': { receivers: ['circleci_audit'], processors: ['filter'], exporters: ['file/some'] },
  }
  const processors = { filter: { exclude: ['workflow.job.*'] } }
  const plan = { receiver, exporters, processors, pipelines, ownRecords: true, service: { instance: 'e2e' } }
  await scene.configure(plan)
  await scene.runOnce()
  const hours = new Set(files.map(({ key }) => hourOf(key)))
  for (const name of ['audit.jsonl', 'some.jsonl']) mustAccount(scene, name, hours)
  const beats = own(scene, 'audit.jsonl', 'heartbeat')
  must(beats.length === 1, `${beats.length} heartbeats of one run`)
  must(beats[0]?.resource.attributes['service.instance.id'] === 'e2e', 'the heartbeat is of another instance')
  const { 'file/some': _, ...left } = exporters
  await scene.configure({ ...plan, exporters: left, processors: {}, pipelines: { logs: pipelines.logs } })
  await scene.runOnce()
  const acts = own(scene, 'audit.jsonl', 'act').map(({ attributes }) => attributes['circleci_audit_forwarder.act'])
  must(acts.join() === 'destination_added,destination_added,destination_retired', `the acts are ${acts.join()}`)
  return { hours: hours.size, acts: acts.length } satisfies Figures
})

/** Each account must say what lies in the file. */
function mustAccount(scene: Scene, name: string, hours: ReadonlySet<string>): void {
  const accounts = own(scene, name, 'control').filter(
    ({ attributes }) => attributes['circleci_audit_forwarder.objects'],
  )
  const found = accounts.map(({ attributes }) => String(attributes['circleci_audit_forwarder.hour']).slice(0, 13))
  must(found.toSorted().join() === [...hours].toSorted().join(), `${name} has accounts of ${found.join()}`)
  const events = lines(scene, name).filter(({ eventName }) => eventName.startsWith('circleci.audit.'))
  for (const { attributes, body } of accounts) {
    const hour = String(attributes['circleci_audit_forwarder.hour']).slice(0, 13)
    const here = events.filter(
      (event) => hourOf(String(event.attributes['circleci_audit_forwarder.source.key'])) === hour,
    )
    must(attributes['circleci_audit_forwarder.delivered'] === here.length, `${name} has ${here.length}, and: ${body}`)
  }
}

function own(scene: Scene, name: string, kind: string): readonly Said[] {
  return lines(scene, name).filter(({ eventName }) => eventName === `circleci_audit_forwarder.${kind}`)
}

function lines(scene: Scene, name: string): readonly Said[] {
  const text = readFileSync(scene.path(name), 'utf8').trimEnd()
  return text.split('\n').map((line) => JSON.parse(line) as Said)
}

/** By the stamp in the key. */
function hourOf(key: string): string {
  return /(\d{4}-\d\d-\d\dT\d\d):[^/]*$/.exec(key)?.[1] ?? key
}
