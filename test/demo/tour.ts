// The demo by itself: everything that can be disturbed is disturbed, one after the other, and mended. A silence must open a
// gap that is shown wherever an operator looks, and that ends with its repair; else the tour fails.
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from './world.ts'

/** `pace`: how long each state lasts, in milliseconds; a silence lasts until it is told. */
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
  await lateObjects(world)
  await sleep(pace)
  await lostEvents(world)
}

/** Held back, and then they come after all. */
async function lateObjects(world: World): Promise<void> {
  await world.holdBack()
  const silence = await world.opened('stream_silent')
  await world.shown(silence)
  await world.holdBack()
  mustSay('arrived', await world.closed(silence))
}

/** Never in the bucket: only CircleCI's CSV has them. */
async function lostEvents(world: World): Promise<void> {
  world.swallow()
  const silence = await world.opened('stream_silent')
  await world.shown(silence)
  world.swallow()
  // A file repairs a silence whose end it has.
  await world.ended(silence)
  console.log(await world.import())
  mustSay('imported', await world.closed(silence))
}

function mustSay(word: string, why: string): void {
  if (!why.includes(word)) throw new Error(`a gap was closed, but not by its repair: ${why}`)
}
