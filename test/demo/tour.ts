// The demo by itself: everything that can be disturbed is disturbed, one after the other, and mended.
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from './world.ts'

/** `pace`: how long each state lasts, in milliseconds. */
export async function tour(world: World, pace: number): Promise<void> {
  await sleep(pace)
  await world.toggle('splunk_hec')
  await sleep(pace)
  world.withhold()
  await sleep(pace)
  await world.kill()
  await sleep(pace)
  await world.toggle('splunk_hec')
  world.withhold()
  await world.holdBack()
  await sleep(pace)
  await world.holdBack()
  world.swallow()
  await sleep(pace)
  world.swallow()
  await sleep(pace)
  await world.import()
}
