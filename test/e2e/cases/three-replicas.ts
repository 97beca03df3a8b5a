// Three forwarders of one stream, of which one sends. They are replaced one by one, with one more than three meanwhile, as
// a rollout does; one is stopped by the system for longer than the term and wakes; one is lost with its ledger.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Case, type Figures, inScene, must, seconds } from '../stage/case.ts'
import { rollingOf, sidecar } from '../stage/deployed.ts'
import { asDeployed } from '../stage/replica-shape.ts'
import { type Pod, Replicas } from '../stage/replicas.ts'
import { tally } from '../stage/tally.ts'
import { until } from '../stage/until.ts'

const TERM_MS = 5_000

/** Records of a batch, and batches that one forwarder may have under way. */
const BATCH = 20

export const rollout: Case = inScene('rollout', async (scene) => {
  return rolledOut(await Replicas.start(scene, { interval: '5s', term: `${TERM_MS}ms` }))
})

/** The same with what deploy/ says: the container, its Secret, its configuration and the checkpoint's own term. */
export const rolloutDeployed: Case = inScene('rollout-deployed', async (scene) => {
  const asPlayed = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  must(isDeepStrictEqual(rollingOf('beside-replicas'), { replicas: 3, strategy: asPlayed }), 'it rolls out otherwise')
  return rolledOut(await Replicas.shaped(scene, asDeployed(sidecar('beside-replicas'))))
})

async function rolledOut(replicas: Replicas): Promise<Figures> {
  const old = [await replicas.pod('a'), await replicas.pod('b'), await replicas.pod('c')]
  const stream = new Stream(replicas)
  await one(replicas)
  const handovers: number[] = []
  for (const [index, leaving] of old.entries()) {
    const coming = await replicas.pod(`new-${index}`)
    await coming.forwarder.until('it is ready', async () => (await coming.ready()).startsWith('200'), 60_000)
    const owned = await leaving.owns()
    if (owned) await leaving.forwarder.until('it has sent', async () => (await leaving.destination.records()) > 0)
    const begun = Date.now()
    await leaving.forwarder.stop()
    await leaving.forwarder.mustExit(0)
    await one(replicas)
    if (owned) handovers.push(Date.now() - begun)
  }
  await until('one is ready and two stand by and know for whom', async () => {
    const texts = await Promise.all(replicas.pods.slice(3).map((pod) => pod.ready()))
    const standing = texts.filter((text) => /^200 standing by: owner \S+, epoch \d+$/.test(text))
    return standing.length === 2 && texts.includes('200 ready')
  })
  const wanted = await stream.end()
  await all(replicas, wanted)
  const counted = tally(wanted, await replicas.ids())
  must(counted.unknown.length === 0, 'events came that nobody put')
  must(counted.repeats.size === 0, `${counted.repeats.size} events came twice, though nobody was lost`)
  must((await switches(replicas)) === handovers.length, 'replicas sent in turns')
  await Promise.all(replicas.pods.slice(3).map((pod) => pod.forwarder.stop()))
  const slowest = seconds(Math.max(...handovers))
  return { events: wanted.length, missing: 0, repeats: 0, handovers: handovers.length, 'slowest, s': slowest }
}

/** Stopped in the midst of sending, for two terms, and awake again. */
export const paused: Case = inScene('paused', async (scene) => {
  const term = 8_000
  const replicas = await Replicas.start(scene, { interval: '5s', term: `${term}ms` })
  for (const name of ['a', 'b', 'c']) await replicas.pod(name)
  const stream = new Stream(replicas)
  const first = await one(replicas)
  // So that much is under way all the time.
  await Promise.all(replicas.pods.map(({ destination }) => destination.behave({ kind: 'slow', ms: 200 })))
  await first.forwarder.until('two copies are made', () => replicas.copies >= 2, 60_000)
  first.pause()
  const stoppedAt = Date.now()
  const second = await one(replicas)
  const followedMs = Date.now() - stoppedAt
  await second.forwarder.until('it has sent', async () => (await second.destination.records()) > 0, 60_000)
  const before = await first.destination.records()
  await sleep(Math.max(0, stoppedAt + 2 * term - Date.now()))
  // Nobody tells it for a while that its time is over.
  replicas.front.mishap = (method, path) => (method === 'PUT' && path.endsWith('owner.json') ? 'lost' : undefined)
  first.wake()
  await sleep(2_000)
  replicas.front.mishap = () => undefined
  await first.forwarder.until('it stands by', () => first.said('ownership_lost').length > 0, 60_000)
  await sleep(2_000)
  const wanted = await stream.end()
  await all(replicas, wanted)
  const after = (await replicas.stored()).filter(
    ({ pod, arrivedAt }) => pod === first.name && arrivedAt >= stoppedAt + 100,
  )
  must((await one(replicas)) === second, 'the one that woke has taken it back')
  const late = after.reduce((sum, { ids }) => sum + ids.length, 0)
  must(late <= BATCH, `the one that woke sent ${late} records`)
  must((await first.destination.records()) <= before + BATCH, 'the one that woke went on sending')
  const counted = tally(wanted, await replicas.ids())
  must(counted.unknown.length === 0, 'events came that nobody put')
  await Promise.all(replicas.pods.map((pod) => pod.forwarder.stop()))
  const figures = { events: wanted.length, missing: 0, repeats: counted.repeats.size, 'sent after it woke': late }
  return { ...figures, 'followed after, s': seconds(followedMs) }
})

/** The one that sends is lost with its ledger; another has been standing by. */
export const ownerLost: Case = inScene('owner-lost', async (scene) => {
  const replicas = await Replicas.start(scene, { interval: '5s', term: `${TERM_MS}ms` })
  for (const name of ['a', 'b', 'c']) await replicas.pod(name)
  const stream = new Stream(replicas)
  const first = await one(replicas)
  await first.forwarder.until('two copies are made', () => replicas.copies >= 2, 60_000)
  await first.lose()
  const lostAt = Date.now()
  await one(replicas)
  const followedMs = Date.now() - lostAt
  first.restart()
  await first.forwarder.until('it stands by', async () => (await first.ready()).includes('standing by: owner'), 60_000)
  const wanted = await stream.end()
  await all(replicas, wanted)
  const counted = tally(wanted, await replicas.ids())
  must(counted.unknown.length === 0, 'events came that nobody put')
  must((await switches(replicas)) === 1, 'replicas sent in turns')
  await Promise.all(replicas.pods.map((pod) => pod.forwarder.stop()))
  const figures = { events: wanted.length, missing: 0, repeats: counted.repeats.size }
  return { ...figures, 'followed after, s': seconds(followedMs) }
})

/** One-time runs, one after the other and beside one that owns. */
export const replicaOnce: Case = inScene('replica-once', async (scene) => {
  const replicas = await Replicas.start(scene, { interval: '5s', term: `${TERM_MS}ms` })
  const first = [...(await replicas.put(60_000, 5))]
  const a = await replicas.pod('a', ['run', '--once', '--timeout', '30s'])
  await a.forwarder.mustExit(0)
  const second = [...(await replicas.put(0, 5))]
  const b = await replicas.pod('b', ['run', '--once', '--timeout', '30s'])
  await b.forwarder.mustExit(0)
  must(b.said('ledger_restored').length === 1, 'the second run did not go on where the first ended')
  const counted = tally([...first, ...second], await replicas.ids())
  must(counted.missing.length === 0 && counted.repeats.size === 0, 'something is missing, or came twice')
  const owner = await replicas.pod('c')
  await owner.forwarder.until('it owns', () => owner.owns(), 60_000)
  const beside = await replicas.pod('d', ['run', '--once', '--timeout', '1s'])
  await beside.forwarder.mustExit(1)
  must(/not done: standing by: owner \S+, epoch 3/.test(beside.forwarder.stderr), beside.forwarder.stderr.slice(-300))
  await owner.forwarder.stop()
  return { missing: 0, repeats: 0 }
})

/** Objects that go on coming, four a second. */
class Stream {
  readonly #wanted: string[] = []
  readonly #going: Promise<void>
  #isOver = false

  constructor(replicas: Replicas) {
    this.#going = this.#run(replicas)
  }

  async #run(replicas: Replicas): Promise<void> {
    for (; !this.#isOver; await sleep(250)) this.#wanted.push(...(await replicas.put(0, 5)))
  }

  async end(): Promise<readonly string[]> {
    this.#isOver = true
    await this.#going
    return this.#wanted
  }
}

/** Waits until one owns the sending, and looks that it is never two. */
async function one(replicas: Replicas): Promise<Pod> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const owners = await replicas.owners()
    must(owners.length < 2, `${owners.map(({ name }) => name).join(' and ')} own at once`)
    if (owners[0] !== undefined) return owners[0]
  }
  throw new Error('nobody owns the sending')
}

async function all(replicas: Replicas, wanted: readonly string[]): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
    if (tally(wanted, await replicas.ids()).missing.length === 0) return
  }
  throw new Error(`${tally(wanted, await replicas.ids()).missing.length} events are missing`)
}

/** How often another replica sent than the one before. */
async function switches(replicas: Replicas): Promise<number> {
  const senders = (await replicas.stored()).filter(({ ids }) => ids.length > 0).map(({ pod }) => pod)
  return senders.filter((pod, index) => index > 0 && pod !== senders[index - 1]).length
}
