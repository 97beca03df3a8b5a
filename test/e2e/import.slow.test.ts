import { expect, test } from 'vitest'
import { importing } from './cases/import.ts'

test('end to end: a file fills what the stream lacked, and one through a pipe is gone on with after a kill', async () => {
  expect(await importing.run('small')).toMatchObject({ missing: 4, forwarded: 4 })
}, 240_000)
