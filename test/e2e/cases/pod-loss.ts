// A forwarder's pod is lost with its ledger, and another takes its place: it goes on with the checkpoint. Nothing is lost,
// and what is sent again was sent after the ledger in the checkpoint was copied.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { Replicas } from '../stage/replicas.ts'
import { tally } from '../stage/tally.ts'

const DAY = 86_400_000
const INTERVAL_MS = 5_000

/** In the midst of a stream, between two copies. */
export const podLoss: Case = inScene('pod-loss', async (scene, size) => {
  const replicas = await Replicas.start(scene, { interval: `${INTERVAL_MS}ms`, term: '5s' })
  const pod = await replicas.pod('a')
  const wanted: string[] = []
  const streaming = stream(replicas, wanted, size === 'full' ? 60 : 30)
  const losses = size === 'full' ? 3 : 1
  const lost: number[] = []
  const again: number[] = []
  for (let loss = 1; loss <= losses; loss += 1) {
    const copies = replicas.copies
    await pod.forwarder.until('two copies are made', () => replicas.copies >= copies + 2, 60_000)
    // Half an interval later much of what was sent is in no copy.
    await sleep(INTERVAL_MS / 2)
    await pod.lose()
    lost.push(Date.now())
    pod.restart()
    await pod.forwarder.until('it goes on', () => pod.owns(), 60_000)
    again.push(Date.now() - (lost.at(-1) ?? 0))
    must(pod.said('ledger_restored').length === 1, 'the ledger was not restored')
  }
  await streaming
  await pod.forwarder.until('all is there', () => isWhole(replicas, wanted), 60_000)
  const reach = await reachBack(replicas, lost)
  const counted = tally(wanted, await replicas.ids())
  must(counted.missing.length === 0 && counted.unknown.length === 0, `${counted.missing.length} events are missing`)
  must(counted.repeats.size > 0, 'nothing was sent between copy and loss: the case proves nothing')
  must(Math.max(...reach) <= INTERVAL_MS + 1_500, `repeats reach back ${Math.max(...reach)} ms before a loss`)
  await pod.forwarder.stop()
  const repeats = [...counted.repeats.values()].reduce((sum, times) => sum + times, 0)
  const figures = { events: wanted.length, losses, missing: 0, repeats }
  return {
    ...figures,
    'back to, s': seconds(Math.max(...reach)),
    'sending again after, s': seconds(Math.max(...again)),
  }
})

/** An object each 300 ms, for so many seconds. */
async function stream(replicas: Replicas, wanted: string[], forSeconds: number): Promise<void> {
  for (const end = Date.now() + forSeconds * 1_000; Date.now() < end; await sleep(300)) {
    wanted.push(...(await replicas.put(0, 5)))
  }
}

async function isWhole(replicas: Replicas, wanted: readonly string[]): Promise<boolean> {
  return tally(wanted, await replicas.ids()).missing.length === 0
}

/** Of all that came more than once: how long before the next loss it had come. */
async function reachBack(replicas: Replicas, losses: readonly number[]): Promise<readonly number[]> {
  const first = new Map<string, number>()
  const reach: number[] = [0]
  for (const { ids, arrivedAt } of await replicas.stored()) {
    for (const id of ids) {
      const earlier = first.get(id)
      if (earlier === undefined) first.set(id, arrivedAt)
      else reach.push((losses.find((at) => at > earlier) ?? Number.POSITIVE_INFINITY) - earlier)
    }
  }
  return reach
}

/**
 * What was announced, and whose message was deleted, after the last copy is known to the lost ledger alone. Nothing of it
 * was sent. The bucket is listed from its beginning, so that it is found, also where it came so late that no look-back
 * reaches its partition.
 */
export const podLossLate: Case = inScene('pod-loss-late', async (scene) => {
  // No other copy than the first.
  const replicas = await Replicas.start(scene, { interval: '1h', term: '5s' })
  const known = await replicas.put(60_000, 5)
  const pod = await replicas.pod('a')
  await pod.forwarder.until('a copy is named', () => pod.said('checkpoint_made').length > 0, 60_000)
  await pod.destination.behave({ kind: 'refuse', status: 503 })
  const ages = [0, 3_600_000, 3 * DAY, 30 * DAY, 400 * DAY, 2_000 * DAY]
  const late = (await Promise.all(ages.map((age) => replicas.put(age, 5)))).flat()
  await pod.forwarder.until('every message is deleted', async () => (await replicas.aws.waiting()) === 0, 60_000)
  must((await replicas.ids()).length === known.length, 'something was sent before the loss')
  await pod.lose()
  await pod.destination.behave({ kind: 'accept' })
  pod.restart()
  await pod.forwarder.until('all is there', () => isWhole(replicas, [...known, ...late]), 60_000)
  const counted = tally([...known, ...late], await replicas.ids())
  must(counted.unknown.length === 0, 'events came that nobody put')
  await pod.forwarder.stop()
  const objects = `${ages.length} announced after the copy, the oldest of ${Math.max(...ages) / DAY} days ago`
  return { objects, missing: counted.missing.length, repeats: counted.repeats.size }
})

/** The same where no copy was ever made, and the first start was to begin now: it begins where the first owner did. */
export const podLossEarly: Case = inScene('pod-loss-early', async (scene) => {
  const replicas = await Replicas.start(scene, { interval: '1h', term: '5s', startAt: 'now' })
  await replicas.put(3_600_000, 5)
  const pod = await replicas.pod('a')
  await pod.destination.behave({ kind: 'refuse', status: 503 })
  replicas.front.mishap = (method, path) => (method === 'PUT' && path.includes('/ledger-') ? 'down' : undefined)
  await pod.forwarder.until('it owns', () => pod.owns(), 60_000)
  // An object's stamp has whole seconds.
  await sleep(1_500)
  const wanted = await replicas.put(0, 5)
  await pod.forwarder.until('the messages are deleted', async () => (await replicas.aws.waiting()) === 0, 60_000)
  await pod.lose()
  await pod.destination.behave({ kind: 'accept' })
  pod.restart()
  await pod.forwarder.until('it is there', () => isWhole(replicas, wanted), 60_000)
  const counted = tally(wanted, await replicas.ids())
  must(counted.unknown.length === 0, 'what lay there before the first start was sent')
  await pod.forwarder.stop()
  return { missing: 0, repeats: counted.repeats.size }
})
