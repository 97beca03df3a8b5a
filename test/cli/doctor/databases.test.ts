import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { databaseFinding } from '../../../src/cli/doctor/databases.ts'
import { mmdbOf } from '../../databases/mmdb-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-databases-'))
afterAll(() => rmSync(folder, { recursive: true }))

const day = 86_400_000
const path = join(folder, 'city.mmdb')

test('a database that can be read, and its age', async () => {
  writeFileSync(path, mmdbOf({ '192.0.2.0/24': { city: { names: { en: 'London' } } } }))
  const built = await databaseFinding(path, 0)
  expect(built).toMatchObject({ level: 'ok', detail: expect.stringContaining('built') })
  expect(await databaseFinding(path, Date.now() + 10_000 * day)).toMatchObject({
    level: 'warning',
    next: expect.stringContaining('newer'),
  })
})

test('no file, and a file that is none', async () => {
  expect(await databaseFinding(join(folder, 'nowhere.mmdb'), 0)).toMatchObject({
    level: 'error',
    detail: expect.stringContaining('there is no such file'),
    next: expect.stringContaining('.mmdb'),
  })
  writeFileSync(path, 'not a database')
  expect(await databaseFinding(path, 0)).toMatchObject({ level: 'error' })
})
