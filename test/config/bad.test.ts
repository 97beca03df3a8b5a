import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { components, world } from './components.ts'

const folder = new URL('bad/', import.meta.url)
const cases = readdirSync(folder).filter((name) => name.endsWith('.case'))

async function refusal(name: string): Promise<ConfigError> {
  const text = readFileSync(new URL(name, folder), 'utf8')
  const error: unknown = await parseConfig(text, 'config.yaml', components, world).then(
    () => expect.fail(`${name} was accepted`),
    (error: unknown) => error,
  )
  if (!(error instanceof ConfigError)) throw error
  return error
}

test.for(cases)('%s is refused, and everything wrong with it is told', async (name) => {
  const error = await refusal(name)
  await expect(`${error.message}\n`).toMatchFileSnapshot(new URL(name.replace('.case', '.txt'), folder).pathname)
})

test.for(cases)('the refusal of %s shows no secret', async (name) => {
  const error = await refusal(name)
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toMatch(/sekret-|5318008|31337/)
})

test('there are as many expectations as cases', () => {
  const texts = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  expect(texts.map((name) => name.replace('.txt', '.case'))).toEqual(cases)
  expect(cases.length).toBeGreaterThanOrEqual(25)
})
