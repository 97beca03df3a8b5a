import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** In a process of its own: a run is a function of its seed only where nothing else uses the event loop. */
async function simulated(...args: string[]): Promise<string> {
  const all = ['--conditions=@circleci-audit-forwarder/source', main, ...args]
  const { stdout } = await promisify(execFile)(process.execPath, all).catch((error: { stdout: string }) => error)
  return stdout
}

test('every promise holds in the first forty worlds', async () => {
  expect(await simulated('--seeds', '40')).toContain(' 0 failed')
}, 300_000)

/** How many worlds that nobody has seen yet are looked into; those that break a promise are named. */
const fresh = process.env['FRESH_WORLDS'] ?? '10'

test.skipIf(fresh === '0')(
  'every promise holds in worlds nobody has seen yet',
  async () => {
    expect(await simulated('--from', String(randomInt(1_000_000, 2 ** 40)), '--seeds', fresh)).toContain(' 0 failed')
  },
  180_000,
)

test('a seed is a world: another seed is another one, the same is the same', async () => {
  const traces = await Promise.all(['7', '7', '8'].map((seed) => simulated('--seed', seed)))
  expect(traces[0]).toBe(traces[1])
  expect(traces[0]).not.toBe(traces[2])
}, 60_000)

// Neither medium loses power here, so nothing may tell them apart.
test.each(['2', '9', '26'])(
  'world %s takes the same course on the ledger in memory and on the one in a file',
  async (seed) => {
    const traces = await Promise.all(['memory', 'file'].map((medium) => simulated('--seed', seed, '--medium', medium)))
    expect(traces[0]).toContain('trace')
    expect(traces[0]).toBe(traces[1])
  },
  60_000,
)
