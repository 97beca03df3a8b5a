// The detector at a small size of its bench, with seeds that never change: who makes it worse is told here, with the figures,
// and not only by whoever next runs `npm run bench:gaps`.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../bench/gaps.ts', import.meta.url))

test('holes of three hours in busy hours are told, and wolves are not cried', { timeout: 240_000 }, async () => {
  const args = ['--conditions=@circleci-audit-forwarder/source', bench, '--small']
  // It rejects, with what was printed, if a promised figure is not met.
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const [alarms = ''] = stdout.split('\n\n').filter((part) => part.includes('false alarms in 13 weeks'))
  const [, share, holes] = /busy hours: ([\d.]+) % of (\d+) told/.exec(stdout) ?? []
  console.log(`${alarms.trim()}\n\nholes of 3 h and more in busy hours: ${share} % of ${holes} told`)
  const rates = [...alarms.matchAll(/ (\d+\.\d\d) +(\d+\.\d\d) +\d\.\d{3} /g)].flatMap(([, young, settled]) => [
    Number(young),
    Number(settled),
  ])
  expect(rates).toHaveLength(10)
  for (const rate of rates) expect(rate).toBeLessThanOrEqual(1)
  expect(Number(holes)).toBeGreaterThanOrEqual(200)
  expect(Number(share)).toBeGreaterThanOrEqual(99)
})
