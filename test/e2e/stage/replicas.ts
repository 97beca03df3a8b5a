// Several forwarders of one stream, each as in a pod of its own: a ledger in a folder that goes with the pod, and a
// destination of its own, so that it shows who sent what and when. What they share is the bucket, the queue and the
// checkpoint, whose store heeds conditions.
import { mkdirSync, rmSync } from 'node:fs'
import { ConditionalFront } from '../../checkpoint/conditional-front.ts'
import { freePort } from '../../tools/free-port.ts'
import type { Aws } from './aws.ts'
import type { Destination } from './destination.ts'
import type { Forwarder } from './forwarder.ts'
import { asTold, type Settings, type Shape } from './replica-shape.ts'
import type { Scene } from './scene.ts'

const STATE = 'acme-state'

export class Replicas {
  readonly aws: Aws
  readonly front: ConditionalFront
  readonly pods: Pod[] = []
  readonly #scene: Scene
  readonly #shape: Shape

  static start(scene: Scene, settings: Settings): Promise<Replicas> {
    return Replicas.shaped(scene, asTold(settings))
  }

  static async shaped(scene: Scene, shape: Shape): Promise<Replicas> {
    const aws = await scene.aws()
    await aws.createBucket(STATE)
    const front = scene.add(await ConditionalFront.start(aws.address))
    return new Replicas(scene, aws, front, shape)
  }

  private constructor(scene: Scene, aws: Aws, front: ConditionalFront, shape: Shape) {
    this.aws = aws
    this.front = front
    this.#scene = scene
    this.#shape = shape
  }

  /** Starts one more. */
  async pod(name: string, args: readonly string[] = ['run']): Promise<Pod> {
    const { vendor, configured } = this.#shape
    const destination = await this.#scene.destination(vendor)
    const folder = this.#scene.path(name)
    mkdirSync(folder)
    const metrics = `127.0.0.1:${await freePort()}`
    const s3 = { bucket: STATE, region: 'us-east-1', endpoint: this.front.address, force_path_style: true }
    const place = {
      receiver: this.aws.settings(),
      state: s3,
      endpoint: destination.endpoint,
      ledger: `${folder}/ledger.db`,
      admin: `127.0.0.1:${await freePort()}`,
      metrics,
    }
    const start = configured(this.#scene, name, place, args)
    const pod = new Pod(name, folder, destination, `http://${metrics}`, start)
    this.pods.push(pod)
    return pod
  }

  /** Puts an object of so many events that was stamped a while ago, and announces it. Its events' ids. */
  async put(agoMs: number, events: number): Promise<readonly string[]> {
    const { key, ...rest } = this.#scene.corpus.file(Date.now() - agoMs, events)
    const file = { ...rest, key: `${this.#shape.prefix}${key}` }
    await this.aws.put([file])
    await this.aws.announce([file])
    return file.ids
  }

  /** Everything that was stored, by whom, in the order in which it came. */
  async stored(): Promise<readonly Sent[]> {
    const all = await Promise.all(
      this.pods.map(async (pod) => (await pod.destination.stored()).map((one) => ({ ...one, pod: pod.name }))),
    )
    return all.flat().toSorted((a, b) => a.arrivedAt - b.arrivedAt)
  }

  async ids(): Promise<readonly string[]> {
    return (await this.stored()).flatMap(({ ids }) => ids)
  }

  /** The pods that own the sending at this moment, as their metrics say. */
  async owners(): Promise<readonly Pod[]> {
    const owns = await Promise.all(this.pods.map((pod) => pod.owns()))
    return this.pods.filter((_, index) => owns[index])
  }

  /** Copies of the ledger that were named by the head so far. */
  get copies(): number {
    return this.front.passed.filter(({ method, path, status }) => {
      return method === 'PUT' && status === 200 && path.includes('/ledger-')
    }).length
  }
}

export interface Sent {
  readonly pod: string
  readonly ids: readonly string[]
  readonly arrivedAt: number
}

export class Pod {
  readonly name: string
  readonly destination: Destination
  readonly metricsUrl: string
  readonly #folder: string
  readonly #start: () => Forwarder
  #forwarder: Forwarder
  isStopped = false

  constructor(name: string, folder: string, destination: Destination, metricsUrl: string, start: () => Forwarder) {
    this.name = name
    this.destination = destination
    this.metricsUrl = metricsUrl
    this.#folder = folder
    this.#start = start
    this.#forwarder = start()
  }

  get forwarder(): Forwarder {
    return this.#forwarder
  }

  /** The pod is gone without a word, and its emptyDir with it. */
  async lose(): Promise<void> {
    this.#forwarder.kill('SIGKILL')
    await this.#forwarder.exited
    rmSync(this.#folder, { recursive: true })
    mkdirSync(this.#folder)
  }

  /** Another one takes its place. */
  restart(): void {
    this.#forwarder = this.#start()
  }

  async owns(): Promise<boolean> {
    if (this.isStopped || !this.#forwarder.running) return false
    const page = await fetch(`${this.metricsUrl}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    )
    return /^circleci_audit_forwarder_owner 1$/m.test(page)
  }

  async ready(): Promise<string> {
    return fetch(`${this.metricsUrl}/readyz`).then(
      async (answer) => `${answer.status} ${(await answer.text()).trim()}`,
      () => 'none',
    )
  }

  /** Stopped by the system, for as long as it likes: nothing of it runs. */
  pause(): void {
    this.isStopped = true
    this.#forwarder.kill('SIGSTOP')
  }

  wake(): void {
    this.isStopped = false
    this.#forwarder.kill('SIGCONT')
  }

  /** What it said of this kind, as it was logged. */
  said(type: string): readonly Readonly<Record<string, unknown>>[] {
    return this.#forwarder.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(`"${type}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}
