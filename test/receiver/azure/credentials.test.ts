// Who we are to Azure: the identity endpoint of an app or pod gives the token, as Azure's own library asks for it, and the
// token goes over https and nowhere else.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { SourceFailure } from '../../../src/domain/failures.ts'
import { openAzureBlobStore } from '../../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../../src/receiver/azure-queue/queue.ts'
import { canBeSecure, startSecure } from '../secure-server.ts'
import { listed } from '../store-suite.ts'

const never = new AbortController().signal
const account = 'acmeaudit'
const close: (() => void)[] = []
beforeEach(() => {
  for (const name of ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE']) vi.stubEnv(name, undefined)
  // The chain as it is in production: no command line is asked.
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod')
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const each of close.splice(0)) each()
})

/** The endpoint that App Service, Container Apps and others offer for managed identities. */
async function identity(answer: RequestListener): Promise<string[]> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(String(request.url))
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'theheader')
  return asked
}

const gives: RequestListener = (_request, response) => {
  const expires_on = String(Math.floor(Date.now() / 1000) + 3600)
  const token = {
    access_token: 'thetoken-5ec4e7ca4a4e',
    expires_on,
    resource: 'https://storage.azure.com',
    token_type: 'Bearer',
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token))
}

describe.skipIf(!canBeSecure)('over https', () => {
  const seen: unknown[] = []
  async function storage(): Promise<string> {
    seen.splice(0)
    const server = await startSecure((request, response) => {
      seen.push(request.headers.authorization)
      const xml = request.url?.includes('/messages')
        ? '<QueueMessagesList/>'
        : '<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>'
      response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`)
    })
    close.push(server.close)
    return `https://${server.host}/${account}`
  }

  test("a managed identity's token is asked for by its client id and sent with every request", async () => {
    const asked = await identity(gives)
    const endpoint = await storage()
    const settings = { account, endpoint, client_id: '11112222-3333-4444-5555-666677778888' }
    const store = await openAzureBlobStore({ ...settings, container: 'circleci' }, { clock: systemClock, attempts: 1 })
    await listed(store, '')
    await listed(store, '')
    const queue = await openAzureQueue({ ...settings, queue: 'audit', visibility_timeout: 60 }, { clock: systemClock })
    await queue.receive(never)
    expect(seen).toEqual([
      'Bearer thetoken-5ec4e7ca4a4e',
      'Bearer thetoken-5ec4e7ca4a4e',
      'Bearer thetoken-5ec4e7ca4a4e',
    ])
    expect(decodeURIComponent(asked[0] ?? '')).toContain('resource=https://storage.azure.com')
    expect(asked[0]).toContain('client_id=11112222-3333-4444-5555-666677778888')
  })

  test('without any identity it is said what to give, and nothing is sent', async () => {
    // Of the chain, the one that looks at variables alone: waiting for the others is Azure's own affair.
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'EnvironmentCredential')
    const settings = { account, endpoint: await storage(), container: 'circleci' }
    const store = await openAzureBlobStore(settings, { clock: systemClock, attempts: 1 })
    const failure = await listed(store, '').catch((error: SourceFailure) => error)
    expect(failure).toMatchObject({ name: 'SourceFailure', hint: expect.stringContaining('managed identity') })
    expect(seen).toEqual([])
  })
})

test('over http no token is sent, even where the configuration did not stop it', async () => {
  await identity(gives)
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  close.push(() => server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${account}`
  const store = await openAzureBlobStore(
    { account, endpoint, container: 'circleci' },
    { clock: systemClock, attempts: 1 },
  )
  await expect(listed(store, '')).rejects.toMatchObject({ message: expect.stringMatching(/https|TLS/) })
  expect(seen).toEqual([])
})
