// The alerts by Prometheus itself: each fires on series made for it, after its time and not before, and clears.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { root } from '../docs/checkout.ts'
import { alerts, casesFile, rulesFile } from './alerts.ts'

const promtool = (...args: readonly string[]) => spawnSync('promtool', args, { cwd: root, encoding: 'utf8' })
const installed = promtool('--version').error === undefined

test.skipIf(!installed)('promtool knows every rule (skipped where promtool is not installed)', () => {
  const { status, stdout, stderr } = promtool('check', 'rules', rulesFile)
  expect(stderr).toBe('')
  expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`)
  expect(status).toBe(0)
})

test.skipIf(!installed)(
  'every alert fires and clears (skipped where promtool is not installed)',
  () => {
    const { status, stdout, stderr } = promtool('test', 'rules', casesFile)
    expect(`${stdout}${stderr}`).toContain('SUCCESS')
    expect(status).toBe(0)
  },
  240_000,
)

test.runIf(!installed)(
  'there is no promtool here: the alerts were not tried (Debian: apt-get install prometheus)',
  () => {
    expect(installed).toBe(false)
  },
)
