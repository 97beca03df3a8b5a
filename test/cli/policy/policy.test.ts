// What `policy aws` prints, word for word: each case is a configuration whose first line is the command.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { main } from '../../../src/cli/program.ts'

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'policy-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** Runs the command in this process. */
async function run(args: readonly string[], text: string) {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, undefined)
  const said = { out: '', err: '' }
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    said.out += `${String(line)}\n`
  })
  vi.spyOn(console, 'error').mockImplementation((line: unknown) => {
    said.err += `${String(line)}\n`
  })
  const config = join(folder, 'config.yaml')
  writeFileSync(config, text)
  const code = await main([...args, '--config', config])
  return { code, out: said.out, err: said.err.replaceAll(config, 'config.yaml') }
}

const cases = readdirSync(here).filter((name) => name.endsWith('.case'))

test.each(cases)('%s', async (name) => {
  const text = readFileSync(join(here, name), 'utf8')
  const [, command = ''] = /^# (.*)\n/.exec(text) ?? []
  const { code, out, err } = await run(command.split(' '), text)
  const told = [`$ ${command}`, ...(err === '' ? [] : [`(on standard error) ${err.trimEnd()}`]), out.trimEnd()]
  expect(code).toBe(0)
  await expect(`${told.join('\n').trimEnd()}\n`).toMatchFileSnapshot(join(here, name.replace('.case', '.txt')))
})

test('the page on security shows what is printed', () => {
  const page = readFileSync(join(here, '../../../docs/security.md'), 'utf8')
  const [, shown = ''] = /```json\n(\{\n {2}"Version"[^`]*)```/.exec(page) ?? []
  const printed = readFileSync(join(here, 'prefix-queue-owner-keys.txt'), 'utf8')
  expect(JSON.parse(shown)).toEqual(JSON.parse(printed.slice(printed.indexOf('{'))))
})

const one = readFileSync(join(here, 'one-bucket.case'), 'utf8')
const two = readFileSync(join(here, 'several.case'), 'utf8')

test.each([
  ['--bucket-key', 'arn:aws:kms:us-east-1:111122223333:alias/audit', one, /policies do not follow aliases/],
  ['--bucket-key', 'audit', one, /--bucket-key audit names no key/],
  ['--queue-key', 'arn:aws:kms:us-gov-west-1:111122223333:key/1', one, /no region us-gov-west-1 in aws/],
  ['--bucket-key', 'arn:aws:kms:us-east-1:111122223333:key/1', two, /write --bucket-key circleci_audit\/eu=arn:/],
  ['--bucket-key', 'other=arn:aws:kms:us-east-1:111122223333:key/1', one, /write --bucket-key circleci_audit=arn:/],
  ['--only', 'arn:aws:iam::111122223333:role/other', one, /nothing is asked .* there is process/s],
])('%s %s is refused', async (option, value, text, words) => {
  const { code, out, err } = await run(['policy', 'aws', option, value], text)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(words)
})

test('without a region of its own a bucket lies where the environment says', async () => {
  const text = one.replace(', region: us-east-1', '')
  expect((await run(['policy', 'aws'], text)).out).toContain('"arn:aws:s3:::acme-circleci-audit"')
  vi.spyOn(process, 'env', 'get').mockReturnValue({ ...process.env, AWS_REGION: 'us-gov-east-1' })
  expect((await run(['policy', 'aws'], text)).out).toContain('"arn:aws-us-gov:s3:::acme-circleci-audit"')
})
