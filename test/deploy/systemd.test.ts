// The unit: hardened as it says, and in step with the program's defaults.
import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root, textOf } from '../docs/checkout.ts'
import { defaults } from './defaults.ts'

const name = 'circleci-audit-forwarder.service'
const text = textOf(`deploy/systemd/${name}`)
const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
const hasAnalyze = analyze.status === 0
if (!hasAnalyze) console.warn('no systemd-analyze here: how exposed the unit is, is not asked')
const folder = mkdtempSync(join(tmpdir(), 'unit-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The unit as it would be installed for this checkout. */
function installed(): string {
  const path = join(folder, name)
  writeFileSync(path, text.replaceAll('/opt/circleci-audit-forwarder/', root))
  return path
}

function values(key: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

test.skipIf(!hasAnalyze)('systemd-analyze security rates it 2.0 or better', () => {
  const said = execFileSync('systemd-analyze', ['security', '--offline=true', installed()], { encoding: 'utf8' })
  const level = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1])
  expect(level).toBeLessThanOrEqual(2)
  const [, version, rated] = /of systemd (\d+) rates it ([\d.]+) /.exec(textOf('deploy/systemd/README.md')) ?? []
  // Another version weighs other settings, and may come to another figure.
  if (analyze.stdout.startsWith(`systemd ${version} `)) expect(rated).toBe(level.toFixed(1))
  else expect(Number(rated)).toBeLessThanOrEqual(2)
})

test.skipIf(!hasAnalyze)('systemd-analyze verify finds nothing', () => {
  const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', installed()], { encoding: 'utf8' })
  expect(stdout + stderr).not.toContain(name)
  expect(status).toBe(0)
})

test('it starts the program with the configuration that systemd hands it', () => {
  const [program = '', ...args] = (values('ExecStart')[0] ?? '').split(' ')
  accessSync(program.replace('/opt/circleci-audit-forwarder/', root), constants.X_OK)
  expect(args).toEqual(['run', '--config', '%d/config.yaml'])
  expect(values('LoadCredential')[0]).toBe('config.yaml:/etc/circleci-audit-forwarder/config.yaml')
})

test('it may write where the ledger is, and waits longer for its end than the program takes', async () => {
  const { service } = await defaults()
  expect(dirname(service.ledger.sqlite!.path)).toBe(`/var/lib/${values('StateDirectory')[0]}`)
  expect(Number(values('TimeoutStopSec')[0]?.replace('s', ''))).toBeGreaterThan(service.stop_timeout / 1000)
})
