import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

test('every fault is caught within 50 worlds', () => {
  expect(FAULTS.filter(({ seed }) => seed > 50)).toEqual([])
})

// One seed each, known to catch it. When the world is changed so that one no longer does, `main.ts --faults` names another.
for (const { name, seed, why } of FAULTS) {
  test(`${name} is caught: ${why}`, { timeout: 60_000 }, async () => {
    const args = ['--conditions=@circleci-audit-forwarder/source', main, '--fault', name, '--seed', String(seed)]
    const ended = promisify(execFile)(process.execPath, args)
    await expect(ended).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('BROKEN') })
  })
}
