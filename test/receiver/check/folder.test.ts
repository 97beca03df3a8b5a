import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkStore } from '../../../src/receiver/check/store.ts'
import { DirectoryStore } from '../../../src/receiver/directory/store.ts'
import { about, event, hour, keyAt, never } from './bench.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const put = (key: string, body: string | Buffer): void => {
  const path = join(folder, key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, body)
  const old = Date.now() / 1000 - 60
  utimesSync(path, old, old)
}
const check = (prefix = '', path = folder) => {
  const clock = { now: () => Date.now() + 10_000, sleep: async () => undefined }
  return checkStore(new DirectoryStore({ path, prefix }, { clock }), Date.now, never)
}

test('a folder is listed and read', async () => {
  put(keyAt(Date.now() - hour, ''), event)
  const findings = await check()
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok'])
})

test('a folder that is not there, and one whose objects lie deeper', async () => {
  expect(await check('', join(folder, 'nowhere'))).toMatchObject([
    { level: 'error', next: expect.stringContaining('store.directory.path') },
  ])
  put(keyAt(Date.now() - hour, 'acme/'), event)
  expect(about(await check(), 'lie under').next).toBe('set store.directory.prefix: "acme"')
})
