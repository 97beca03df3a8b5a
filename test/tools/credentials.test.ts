// A credential in a test that has no mark would pass unseen wherever the program shows it. So every literal that stands
// where a credential does, in the tests' sources, holds the mark, or stands for a text that is none.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { projectFiles, root } from '../docs/checkout.ts'
import { CANARY_MARK } from './secrets.ts'

const places =
  /\b(token|apiKey|api_key|password|accessToken|access_token|sasToken|sas_token|proxyUrl|proxy_url|authorization|secret|[A-Z_]*(?:TOKEN|PASSWORD|_KEY|SECRET))(?:['"]?:|\s*=)\s*(['"`])((?:(?!\2)[^\\\n]|\\.)*)\2/g

/** Files whose subject is what credentials look like, or what is wrong with one. Each searches for its own. */
const exempt = ['test/telemetry/redact.test.ts', 'test/processors/redact.test.ts', 'test/tools/credentials.test.ts']

/** Not a credential: a batch's token, a reference, a proxy that wants none, a token that is refused in any case. */
function isNone(name: string, value: string): boolean {
  if (value.length < 8 && /^(?:token|sas_?[tT]oken)$/.test(name)) return true
  if (name.startsWith('proxy') && !value.includes('@')) return true
  return (
    value.length < 3 ||
    /^Bearer (?:open|wrong)$/.test(value) ||
    /\$\{|^\$|^<secret|^generation|^rest$|^once$|^twice$/.test(value)
  )
}

function bare(source: string): readonly string[] {
  return [...source.matchAll(places)]
    .filter(([, name = '', , value = '']) => !isNone(name, value) && !value.includes(CANARY_MARK))
    .map(([text]) => text)
}

const sources = projectFiles().filter((path) => /^(?:test|exporters\/[^/]+\/test)\/.*\.ts$/.test(path))

test.each(sources.filter((path) => !exempt.includes(path)).map((path) => [path]))('%s', (path) => {
  expect(bare(readFileSync(`${root}/${path}`, 'utf8'))).toEqual([])
})

test('one without the mark is seen', () => {
  for (const text of [
    "{ apiKey: 'abcdefgh' }",
    'password: "hunter22"',
    "HEC_TOKEN: 'a-b-c-d'",
    "const API_KEY = 'k3y-of'",
  ]) {
    expect(bare(text), text).toHaveLength(1)
  }
  for (const text of [
    "{ token: 't' }",
    `{ token: '${CANARY_MARK}' }`,
    'token: canary("x")',
    "proxyUrl: 'http://p:1'",
  ]) {
    expect(bare(text), text).toEqual([])
  }
})
