// Who we are to Google: the metadata server of a pod with workload identity gives the token, as Google's own client asks
// for it, and the token goes over https and nowhere else.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { SourceFailure } from '../../../src/domain/failures.ts'
import { openGcsStore } from '../../../src/receiver/gcs/store.ts'
import { canBeSecure, startSecure } from '../secure-server.ts'
import { listed } from '../store-suite.ts'

const close: (() => void)[] = []
beforeEach(() => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined)
  vi.stubEnv('HOME', '/nowhere')
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const each of close.splice(0)) each()
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const nothing: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

const open = (endpoint: string) =>
  openGcsStore({ bucket: 'acme-audit', endpoint }, { clock: systemClock, retries: 0, answerMs: 10_000 })

describe.skipIf(!canBeSecure)('over https', () => {
  test('the token of workload identity is asked for once and sent with every request', async () => {
    const asked: string[] = []
    const metadata = await serve((request, response) => {
      asked.push(request.url ?? '')
      const body = request.url?.includes('/token')
        ? JSON.stringify({ access_token: 'thetoken-5ec4e7ca4a4e', expires_in: 3600, token_type: 'Bearer' })
        : 'googleapis.com'
      response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' }).end(body)
    })
    vi.stubEnv('GCE_METADATA_HOST', metadata)
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
    const seen: unknown[] = []
    const server = await startSecure((request, response) => {
      seen.push(request.headers.authorization)
      nothing(request, response)
    })
    close.push(server.close)
    const store = await open(`https://${server.host}`)
    await listed(store, '')
    await listed(store, '')
    expect(seen).toEqual(['Bearer thetoken-5ec4e7ca4a4e', 'Bearer thetoken-5ec4e7ca4a4e'])
    expect(asked.filter((url) => url.includes('/token'))).toHaveLength(1)
  })

  test('without any credentials it is said what to give, and nothing is sent', async () => {
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
    let requests = 0
    const server = await startSecure((request, response) => {
      requests += 1
      nothing(request, response)
    })
    close.push(server.close)
    const failure = await listed(await open(`https://${server.host}`), '').catch((error: SourceFailure) => error)
    expect(failure).toMatchObject({ name: 'SourceFailure', hint: expect.stringContaining('workload identity') })
    expect(requests).toBe(0)
  })
})

test('an endpoint without https sees no token', async () => {
  const seen: unknown[] = []
  const host = await serve((request, response) => {
    seen.push(request.headers.authorization)
    nothing(request, response)
  })
  await listed(await open(`http://${host}`), '')
  expect(seen).toEqual([undefined])
})
