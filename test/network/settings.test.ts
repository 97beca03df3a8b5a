import { expect, test } from 'vitest'
import { useNetwork } from '../../src/cli/network.ts'

test('a proxy is set in both spellings, whichever of them was there', () => {
  const env = { HTTPS_PROXY: 'http://old:1', http_proxy: 'http://old:2' }
  useNetwork({ proxy: 'http://proxy:3128' }, env)
  expect(env).toMatchObject({
    http_proxy: 'http://proxy:3128',
    HTTP_PROXY: 'http://proxy:3128',
    https_proxy: 'http://proxy:3128',
    HTTPS_PROXY: 'http://proxy:3128',
  })
})

test('what was excepted stays so; this machine and the metadata services are as well', () => {
  const env: Record<string, string> = { NO_PROXY: '.svc, collector,' }
  useNetwork({ proxy: 'http://proxy:3128' }, env)
  const past = env['no_proxy']?.split(',')
  expect(past).toEqual(expect.arrayContaining(['.svc', 'collector', 'localhost', '127.0.0.1', '169.254.169.254']))
  expect(past).toEqual(expect.arrayContaining(['169.254.170.2', '169.254.170.23', 'metadata.google.internal']))
  expect(past).not.toContain('')
  expect(env['NO_PROXY']).toBe(env['no_proxy'])
})

test('without the setting the environment is left as it is', () => {
  const env = { HTTPS_PROXY: 'http://old:1' }
  useNetwork({}, env)
  expect(env).toEqual({ HTTPS_PROXY: 'http://old:1' })
})
