// Google's and Azure's clients, and those their identity libraries make, through a proxy and with certificates of a private
// authority. The metadata service of a machine is asked past the proxy, which could not reach it.
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { openAzureBlobStore } from '../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../src/receiver/azure-queue/queue.ts'
import { openGcsStore } from '../../src/receiver/gcs/store.ts'
import { listed } from '../receiver/store-suite.ts'
import { canSign } from './certificates.ts'
import { useHere } from './here.ts'
import { PrivateNetwork } from './private-network.ts'

const never = new AbortController().signal
const tenant = '11112222-3333-4444-5555-666677778888'
const login = 'https://login.microsoftonline.com'

/** What the hosts of both clouds say, by host and path. Tokens are given to whoever shows the pod's. */
const answers: readonly (readonly [RegExp, object | string])[] = [
  [/^(?:storage\.googleapis\.com|localhost)\/storage\//, {}],
  [/^sts\.googleapis\.com\/v1\/token/, { access_token: canary('google'), expires_in: 3600, token_type: 'Bearer' }],
  [/^login\.microsoftonline\.com\/.*instance/, { tenant_discovery_endpoint: `${login}/${tenant}/`, metadata: [] }],
  [
    /^login\.microsoftonline\.com\/.*openid-configuration/,
    {
      token_endpoint: `${login}/${tenant}/oauth2/v2.0/token`,
      authorization_endpoint: `${login}/${tenant}/oauth2/v2.0/authorize`,
      issuer: `${login}/${tenant}/v2.0`,
      jwks_uri: `${login}/keys`,
    },
  ],
  [
    /^login\.microsoftonline\.com\/.*\/token/,
    { access_token: canary('azure'), expires_in: 3600, token_type: 'Bearer' },
  ],
  [/^acmeaudit\.blob\./, '<?xml version="1.0"?><EnumerationResults><Blobs/></EnumerationResults>'],
  [/^acmeaudit\.queue\./, '<?xml version="1.0"?><QueueMessagesList/>'],
]

function answer(request: IncomingMessage, response: ServerResponse): void {
  const asked = `${request.headers.host?.replace(/:\d+$/, '')}${request.url}`
  const said = answers.find(([pattern]) => pattern.test(asked))?.[1]
  const type = typeof said === 'string' ? 'application/xml' : 'application/json'
  request.resume().once('end', () => {
    response.writeHead(said === undefined ? 404 : 200, { 'content-type': type })
    response.end(typeof said === 'string' ? said : JSON.stringify(said ?? {}))
  })
}

const metadata: RequestListener = (request, response) => {
  const token = { access_token: canary('google'), expires_in: 3600, token_type: 'Bearer' }
  response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' })
  response.end(request.url?.includes('/token') ? JSON.stringify(token) : 'googleapis.com')
}

describe.skipIf(!canSign)('behind a proxy, with certificates of a private authority', () => {
  let network: PrivateNetwork
  let machine: Server
  let back: () => void

  beforeAll(async () => {
    const names = [
      '*.googleapis.com',
      'login.microsoftonline.com',
      '*.blob.core.windows.net',
      '*.queue.core.windows.net',
    ]
    network = await PrivateNetwork.start({ names, answer })
    machine = createServer(metadata).listen(0, '127.0.0.1')
    await new Promise((resolve) => machine.once('listening', resolve))
  })
  afterAll(async () => {
    machine.closeAllConnections()
    machine.close()
    await network.stop()
  })
  beforeEach(() => {
    network.through.splice(0)
    back = useHere({ proxy: network.proxy, ca_file: network.caFile })
  })
  afterEach(() => back())

  const google = async () => {
    const store = await openGcsStore({ bucket: 'acme' }, { clock: systemClock, retries: 0 })
    expect(await listed(store, '')).toEqual([])
    return network.through
  }
  const azure = { account: 'acmeaudit' }

  test('Google Cloud Storage, as who the machine says', async () => {
    vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(machine.address() as AddressInfo).port}`)
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
    expect(await google()).toEqual(['storage.googleapis.com:443'])
  })

  test('Google Cloud Storage, by federation', async () => {
    const [token, file] = ['google-token', 'google.json'].map((name) => join(network.caFile, '..', name)) as [
      string,
      string,
    ]
    writeFileSync(token, canary('pod'))
    const federation = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/acme',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: token },
    }
    writeFileSync(file, JSON.stringify(federation))
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
    expect(await google()).toEqual(['sts.googleapis.com:443', 'storage.googleapis.com:443'])
  })

  test('Azure, blobs and queues, by a signature', async () => {
    const signed = { ...azure, sas_token: `sv=1&sig=${canary('sas')}` }
    const store = await openAzureBlobStore({ ...signed, container: 'circleci' }, { clock: systemClock, attempts: 1 })
    expect(await listed(store, '')).toEqual([])
    const place = { ...signed, queue: 'audit', visibility_timeout: 60 }
    const queue = await openAzureQueue(place, { clock: systemClock, attempts: 1 })
    expect(await queue.receive(never)).toEqual([])
    expect(network.through).toEqual(['acmeaudit.blob.core.windows.net:443', 'acmeaudit.queue.core.windows.net:443'])
  })

  test("Azure, as who a pod's token says", async () => {
    const token = join(network.caFile, '../azure-token')
    writeFileSync(token, canary('pod'))
    const identity = { AZURE_FEDERATED_TOKEN_FILE: token, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: tenant }
    for (const [name, value] of Object.entries(identity)) vi.stubEnv(name, value)
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'WorkloadIdentityCredential')
    const store = await openAzureBlobStore({ ...azure, container: 'circleci' }, { clock: systemClock, attempts: 1 })
    expect(await listed(store, '')).toEqual([])
    expect(network.through).toEqual(['login.microsoftonline.com:443', 'acmeaudit.blob.core.windows.net:443'])
  })

  test('what NO_PROXY names is asked directly', async () => {
    back()
    vi.stubEnv('no_proxy', 'localhost')
    back = useHere({ proxy: network.proxy, ca_file: network.caFile })
    vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(machine.address() as AddressInfo).port}`)
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
    const place = { bucket: 'acme', endpoint: `https://${network.host}` }
    expect(await listed(await openGcsStore(place, { clock: systemClock, retries: 0 }), '')).toEqual([])
    expect(network.through).toEqual([])
  })

  test('an authority that is not known is told, with what to do', async () => {
    back()
    back = useHere({ proxy: network.proxy })
    const signed = { ...azure, sas_token: `sv=1&sig=${canary('sas')}`, container: 'circleci' }
    const store = await openAzureBlobStore(signed, { clock: systemClock, attempts: 1 })
    await expect(listed(store, '')).rejects.toMatchObject({ hint: expect.stringContaining('service.ca_file') })
    vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(machine.address() as AddressInfo).port}`)
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
    await expect(google()).rejects.toMatchObject({ hint: expect.stringContaining('service.ca_file') })
  })
})
