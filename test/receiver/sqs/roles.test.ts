// Queues in other accounts, each used as a role of its account: what is sent to one is never signed for another.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openSqsNotifications } from '../../../src/receiver/sqs/queue.ts'

const never = new AbortController().signal
const servers: Server[] = []

async function body(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

async function serve(answer: (request: IncomingMessage, text: string) => string): Promise<string> {
  const server = createServer(async (request, response) => response.end(answer(request, await body(request))))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Which role was asked for with which external id. */
const assumed: Record<string, string | null> = {}

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  const sts = await serve((_request, text) => {
    const asked = new URLSearchParams(text)
    const role = asked.get('RoleArn') ?? ''
    assumed[role] = asked.get('ExternalId')
    return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>KEY-OF-${role.slice(13, 25)}</AccessKeyId>
      <SecretAccessKey>role</SecretAccessKey><SessionToken>role</SessionToken>
      <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
  })
  vi.stubEnv('AWS_ENDPOINT_URL_STS', sts)
})
afterAll(() => {
  vi.unstubAllEnvs()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

test('each queue is used as the role of its own account, in its own region', async () => {
  const signed: string[] = []
  const endpoint = await serve((request, text) => {
    const [, key = '', region = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? []
    signed.push(`${JSON.parse(text).QueueUrl.split('/').at(-2)} by ${key} in ${region}`)
    return '{"Messages":[]}'
  })
  const accounts = ['111122223333', '444455556666'] as const
  const queues = await Promise.all(
    accounts.map((account, index) =>
      openSqsNotifications({
        queue_url: `${endpoint}/${account}/audit`,
        endpoint,
        region: ['us-east-1', 'eu-west-1'][index],
        role_arn: `arn:aws:iam::${account}:role/audit-reader`,
        external_id: `acme-${index}`,
      }),
    ),
  )
  for (const queue of queues) await queue.receive(never)
  expect(signed).toEqual([
    '111122223333 by KEY-OF-111122223333 in us-east-1',
    '444455556666 by KEY-OF-444455556666 in eu-west-1',
  ])
  expect(assumed).toEqual({
    'arn:aws:iam::111122223333:role/audit-reader': 'acme-0',
    'arn:aws:iam::444455556666:role/audit-reader': 'acme-1',
  })
  await Promise.all(queues.map((queue) => queue.close()))
})
