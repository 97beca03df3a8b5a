// Azure's and Google's clients go through the proxy that the environment names, and past it where it says so.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { openAzureBlobStore } from '../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../src/receiver/azure-queue/queue.ts'
import { openGcsStore } from '../../src/receiver/gcs/store.ts'
import { canBeSecure, type SecureServer, startSecure } from './secure-server.ts'
import { listed } from './store-suite.ts'

const never = new AbortController().signal

describe.skipIf(!canBeSecure)('behind a proxy', () => {
  const through: string[] = []
  let proxy: Server
  let metadata: Server
  let cloud: SecureServer

  const port = (server: Server): number => (server.address() as AddressInfo).port
  const listening = async (server: Server): Promise<Server> => {
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return server
  }

  beforeEach(async () => {
    through.splice(0)
    proxy = createServer()
    proxy.on('connect', ({ url = '' }, client, head) => {
      through.push(url)
      const [host = '', at = ''] = url.split(':')
      const upstream = connect(Number(at), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.write(head)
        upstream.pipe(client).pipe(upstream)
      })
      for (const socket of [upstream, client]) socket.on('error', () => upstream.destroy())
    })
    await listening(proxy)
    metadata = await listening(
      createServer((request, response) => {
        const token = { access_token: canary('google'), expires_in: 3600, token_type: 'Bearer' }
        response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' })
        response.end(request.url?.includes('/token') ? JSON.stringify(token) : 'googleapis.com')
      }),
    )
    cloud = await startSecure((request, response) => {
      const xml = request.url?.includes('/messages')
        ? '<QueueMessagesList/>'
        : '<EnumerationResults><Blobs/></EnumerationResults>'
      const isGoogle = request.url?.startsWith('/storage/v1/')
      const type = isGoogle ? 'application/json' : 'application/xml'
      response.writeHead(200, { 'content-type': type }).end(isGoogle ? '{}' : `<?xml version="1.0"?>${xml}`)
    })
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${port(proxy)}`)
    vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${port(metadata)}`)
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
    // The metadata service of a machine is asked directly.
    vi.stubEnv('NO_PROXY', '127.0.0.1')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    for (const server of [proxy, metadata]) {
      server.closeAllConnections()
      server.close()
    }
    cloud.close()
  })

  const google = () =>
    openGcsStore({ bucket: 'acme', endpoint: `https://${cloud.host}` }, { clock: systemClock, retries: 0 })
  const azure = { account: 'acmeaudit', sas_token: `sv=1&sig=${canary('sas')}` }
  const blobs = () => {
    const place = { ...azure, container: 'circleci', endpoint: `https://${cloud.host}/acmeaudit` }
    return openAzureBlobStore(place, { clock: systemClock, attempts: 1 })
  }

  test('Google Cloud Storage', async () => {
    expect(await listed(await google(), '')).toEqual([])
    expect(through).toEqual([cloud.host])
  })

  test('Azure, blobs and queues', async () => {
    expect(await listed(await blobs(), '')).toEqual([])
    const place = { ...azure, queue: 'audit', endpoint: `https://${cloud.host}/acmeaudit`, visibility_timeout: 60 }
    expect(await (await openAzureQueue(place, { clock: systemClock, attempts: 1 })).receive(never)).toEqual([])
    expect(through.length).toBeGreaterThanOrEqual(1)
    expect(new Set(through)).toEqual(new Set([cloud.host]))
  })

  // Azure's client reads NO_PROXY once per process, so only Google's can be asked for both here.
  test('that is not for this host', async () => {
    vi.stubEnv('NO_PROXY', '127.0.0.1,localhost')
    expect(await listed(await google(), '')).toEqual([])
    expect(through).toEqual([])
  })
})
