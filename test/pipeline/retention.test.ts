// How long the bucket keeps objects is asked of the bucket, where it can say so; a run that is to end asks, too, and says what
// nears its end also where a destination did not get everything.
import { expect, test } from 'vitest'
import { OneObject, receiver, Stage } from './stage.ts'

const minute = 60_000
const never = new AbortController().signal

/** Cannot be read, and is removed so long after it was written. */
class Kept extends OneObject {
  asked = 0
  readonly retentionMs: number | undefined

  constructor(retentionMs: number | undefined, clock: ConstructorParameters<typeof OneObject>[2]) {
    super('logs', Number.POSITIVE_INFINITY, clock)
    this.retentionMs = retentionMs
  }

  retention(): Promise<number | undefined> {
    this.asked += 1
    return Promise.resolve(this.retentionMs)
  }
}

/** The object is half an hour old. */
test.each([
  [45 * minute, ['buffer_expiring']],
  [90 * minute, []],
  [Number.POSITIVE_INFINITY, []],
  [undefined, []],
])('of a bucket that keeps objects for %s ms: %j', async (retentionMs, kinds) => {
  let store: Kept | undefined
  const stage = new Stage((clock) => {
    store = new Kept(retentionMs, clock)
    return [receiver('r', store)]
  })
  const watch = { streams: new Map(), allowedLagMs: Number.MAX_SAFE_INTEGER }
  const finish = await stage.finished(stage.pipeline({ watch }).runOnce(never, 5_000))
  expect(finish.unfinished).toHaveLength(1)
  expect(store?.asked).toBe(1)
  expect(stage.memory.watch.gaps({ closed: 9 }).map(({ kind }) => kind)).toEqual(kinds)
})
