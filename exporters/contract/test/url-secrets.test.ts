import { describe, expect, test } from 'vitest'
import { maskedUrl, urlSecrets } from '../src/index.ts'
import { canary } from '../src/testing.ts'

const key = canary('key')

describe('what of a URL is a secret', () => {
  test.each(['api_key', 'apikey', 'X-Api-Key', 'token', 'access_token', 'sig', 'key', 'auth', 'api%5Fkey'])(
    'the value of %s',
    (name) => {
      const url = `https://otlp.acme.dev/v1/logs?tenant=acme&${name}=${key}#end`
      expect(urlSecrets(url)).toEqual([key])
      expect(maskedUrl(url, '***')).toBe(`https://otlp.acme.dev/v1/logs?tenant=acme&${name}=***#end`)
    },
  )

  test('a value that is mixed as keys are, whatever its name', () => {
    expect(urlSecrets('https://otlp?x=9f8e7d6c5b4a39281706')).toEqual(['9f8e7d6c5b4a39281706'])
  })

  test('several, as written and as a server would quote them', () => {
    expect(urlSecrets('https://otlp?token=a%2Bb%3Dc&key=d+e')).toEqual(['a%2Bb%3Dc', 'a+b=c', 'd+e', 'd e'])
    expect(maskedUrl('https://otlp?token=a%2Bb%3Dc&key=d+e', '***')).toBe('https://otlp?token=***&key=***')
  })

  test('the password before the host', () => {
    expect(urlSecrets(`http://user:${key}@proxy:3128`)).toEqual([key])
    expect(urlSecrets('http://user:p%40ss@proxy:3128')).toEqual(['p%40ss', 'p@ss'])
  })

  test.each([
    'https://otlp/v1/logs',
    'https://otlp?tenant=acme&dataset=production-audit-logs',
    'https://otlp?api_key=',
    'a text? with key=1',
    `http://user@proxy`,
  ])('nothing in %s', (text) => {
    expect(urlSecrets(text)).toEqual([])
    expect(maskedUrl(text, '***')).toBe(text)
  })
})
