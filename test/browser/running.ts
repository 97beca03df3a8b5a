// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// A forwarder to look at: the real program in a process of its own, over a folder that holds three weeks of a stream with a
// hole in it, and three destinations of which one knows no token. What the page shows of it nobody made up.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StatusDocument } from '../../src/admin/status.ts'
import type { AuditFile } from '../e2e/stage/corpus.ts'
import type { Destination } from '../e2e/stage/destination.ts'
import { file, hec, otlp } from '../e2e/stage/exporters.ts'
import type { Forwarder } from '../e2e/stage/forwarder.ts'
import { Scene } from '../e2e/stage/scene.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const EVERY = 4 * MINUTE
const WEEKS = 3

export class Running {
  readonly scene: Scene
  readonly forwarder: Forwarder
  /** The destination that refuses everything until it is told otherwise. */
  readonly refusing: Destination
  /** The hole: nothing was written between. */
  readonly hole: { readonly from: number; readonly to: number }

  private constructor(scene: Scene, forwarder: Forwarder, refusing: Destination, hole: Running['hole']) {
    this.scene = scene
    this.forwarder = forwarder
    this.refusing = refusing
    this.hole = hole
  }

  /** Resolves when the destinations that work have everything and the hole is found. */
  static async start(): Promise<Running> {
    const scene = new Scene('page')
    const now = Date.now()
    const hole = { from: now - 13 * HOUR, to: now - 3 * HOUR }
    const receiver = await scene.putInFolder(stream(scene, now, hole))
    const [collector, refusing] = [await scene.destination('otlp'), await scene.destination('hec')]
    await refusing.behave({ kind: 'refuse', status: 401, body: '{"text":"Invalid token","code":4}' })
    const plan = { receiver: { ...receiver, start_at: '-4d', sweep: { interval: '1s', lookback: '48h' } } }
    const working = { otlp_http: otlp(collector), file: file(scene.path('audit.jsonl')) }
    // Who comes to rest looks for what is missing before it ends; who goes on looks once a minute.
    await scene.configure({ ...plan, exporters: working })
    await scene.runOnce()
    await scene.configure({ ...plan, exporters: { ...working, 'splunk_hec/soc': hec(refusing) } })
    const running = new Running(scene, scene.start(), refusing, hole)
    try {
      await running.forwarder.until('the hole is found', async () => isThere(await running.status()))
    } catch (error) {
      await scene.close()
      throw error
    }
    return running
  }

  get url(): string {
    return `${this.scene.adminUrl}/`
  }

  async status(): Promise<StatusDocument | undefined> {
    const answer = await fetch(`${this.scene.adminUrl}/api/status`).catch(() => undefined)
    return answer?.ok === true ? ((await answer.json()) as StatusDocument) : undefined
  }

  /** Puts an object into the folder, of this stamp and so many events. */
  put(stampedAt: number, events: number): AuditFile {
    const one = this.scene.corpus.file(stampedAt, events)
    const path = this.scene.path(`bucket/${one.key}`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, one.body)
    return one
  }

  /** A series of the metrics page; 0 where it is not there. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.scene.metricsUrl}/metrics`)).text()
    const line = text.split('\n').find((candidate) => candidate.startsWith(`circleci_audit_forwarder_${series} `))
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1))
  }

  close(): Promise<void> {
    return this.scene.close()
  }
}

function stream(scene: Scene, now: number, hole: Running['hole']): readonly AuditFile[] {
  const count = Math.floor((WEEKS * 7 * DAY) / EVERY)
  const stamps = Array.from({ length: count }, (_, index) => now - (index + 1) * EVERY + ((index * 7919) % 240) * 1_000)
  return stamps.filter((at) => at <= hole.from || at >= hole.to).map((at) => scene.corpus.file(at, 2))
}

function isThere(status: StatusDocument | undefined): boolean {
  const gap = status?.gaps.some(({ kind, state }) => kind === 'hour_missing' && state === 'open') === true
  const idle = status?.destinations.filter(({ state, watermark }) => state === 'idle' && watermark !== null) ?? []
  return gap && idle.length === 2 && status?.totals.stopped === 1
}
