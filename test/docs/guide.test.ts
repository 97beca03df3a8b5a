// The exporter that CONTRIBUTING.md shows, taken from the page as it stands: an author who has only the page gets through.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from './checkout.ts'
import { exporterOfGuide } from './guide.ts'

const place = mkdtempSync(join(tmpdir(), 'guide-'))
afterAll(() => rmSync(place, { recursive: true }))

test('the exporter of CONTRIBUTING.md holds every guarantee of the conformance suite', () => {
  const files = exporterOfGuide()
  expect([...files.keys()].sort()).toEqual([
    ...['check', 'config', 'encode', 'index', 'send'].map((name) => `src/${name}.ts`),
    'test/webhook.test.ts',
  ])
  for (const [path, text] of files) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text.replace("from 'vitest'", "from 'node:test'"))
  }
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
  symlinkSync(`${root}/node_modules`, join(place, 'node_modules'))
  const args = [
    '--conditions=@circleci-audit-forwarder/source',
    '--test',
    '--test-reporter=tap',
    'test/webhook.test.ts',
  ]
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8', env })
  expect(stderr).toBe('')
  expect(stdout.match(/^ *not ok .*/gm)).toBeNull()
  expect(Number(/^# pass (\d+)/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(19)
  expect(status).toBe(0)
})
