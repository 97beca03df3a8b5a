// A pod's identity, in the two ways that EKS gives it: an agent beside the pod (EKS Pod Identity), and a token that STS takes
// (IRSA). Stores and queues get it from the environment alone, and read a token that was replaced anew.
import { canariesIn, canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { openS3Store, type S3Store } from '../../../src/receiver/s3/store.ts'
import { openSqsNotifications, type SqsNotifications } from '../../../src/receiver/sqs/queue.ts'
import { Front } from '../check/front.ts'
import { listed } from '../store-suite.ts'
import { Pod, signer, tagless } from './pod.ts'

const never = new AbortController().signal
const others = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN', 'PROFILE', 'WEB_IDENTITY_TOKEN_FILE', 'ROLE_ARN']
const containers = ['CONTAINER_CREDENTIALS_FULL_URI', 'CONTAINER_CREDENTIALS_RELATIVE_URI']
const tokens = ['CONTAINER_AUTHORIZATION_TOKEN', 'CONTAINER_AUTHORIZATION_TOKEN_FILE', 'ENDPOINT_URL_STS']

let front: Front
let pod: Pod
let url: string

beforeAll(async () => {
  front = await Front.start()
  front.emulator.createBucket('acme')
  url = front.emulator.createQueue('audit').queueUrl
})
afterAll(() => front.stop())

beforeEach(async () => {
  for (const name of [...others, ...containers, ...tokens]) vi.stubEnv(`AWS_${name}`, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere')
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
  pod = await Pod.start()
  front.asked.splice(0)
})
afterEach(() => {
  pod.stop()
  vi.unstubAllEnvs()
})

const become = (environment: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
}

interface Opened {
  readonly store: S3Store
  readonly queue: SqsNotifications
}

async function open(role_arn?: string): Promise<Opened> {
  const as = role_arn === undefined ? {} : { role_arn }
  const bucket = { bucket: 'acme', endpoint: front.address, force_path_style: true, ...as }
  const store = await openS3Store(bucket, { clock: systemClock })
  const queue = await openSqsNotifications({ queue_url: url, endpoint: front.address, ...as }, { waitSeconds: 0 })
  return { store, queue }
}

async function close({ store, queue }: Opened): Promise<void> {
  store.close()
  await queue.close()
}

/** Who signed a listing and a receive just now. */
async function signers({ store, queue }: Opened): Promise<readonly string[]> {
  front.asked.splice(0)
  await listed(store, '')
  await queue.receive(never)
  return front.asked.map(({ headers }) => signer(headers))
}

/** New credentials are asked for beside a use of those before; the next use has them. */
async function signersAre(opened: Opened, signed: string): Promise<void> {
  await vi.waitFor(async () => expect(await signers(opened)).toEqual([signed, signed]), 10_000)
}

const ways = [
  ['EKS Pod Identity', 'POD', (): Readonly<Record<string, string>> => pod.podIdentity],
  ['IRSA', 'WEB', (): Readonly<Record<string, string>> => pod.webIdentity],
] as const

describe.each(ways)('%s', (_, who, environment) => {
  test('store and queue are asked as the pod, and with the token that is in the file now', async () => {
    become(environment())
    const opened = await open()
    expect(await signers(opened)).toEqual([`${who}-1 with session-1`, `${who}-1 with session-1`])
    pod.rotate()
    await signersAre(opened, `${who}-2 with session-2`)
    await close(opened)
  })

  test('role_arn is taken on as the pod', async () => {
    become({ ...environment(), AWS_ENDPOINT_URL_STS: pod.address })
    const opened = await open('arn:aws:iam::444455556666:role/audit-reader')
    expect(await signers(opened)).toEqual(['ROLE-1 with session-1', 'ROLE-1 with session-1'])
    pod.rotate()
    await signersAre(opened, 'ROLE-2 with session-2')
    await close(opened)
  })
})

test('without asking a proxy of the environment for the agent', async () => {
  become({ ...pod.podIdentity, http_proxy: `http://forwarder:${canary('proxy')}@127.0.0.1:9`, no_proxy: '' })
  const opened = await open()
  const { message } = await failureOf(listed(opened.store, ''))
  // The store is asked through the proxy, which is not there; the agent has answered before.
  expect(message).toMatch(/^cannot list s3:\/\/acme\/: ECONNREFUSED/)
  expect(pod.given).toBeGreaterThan(0)
  await close(opened)
})

describe('a failure says what to do, without the token', () => {
  test.each([
    ['a token that has expired', {}, 'ExpiredTokenException', /^renew the AWS credentials/],
    [
      'a role that does not trust the pod',
      { AWS_ROLE_ARN: 'arn:aws:iam::1:role/other' },
      'AccessDenied',
      /^let the role of AWS_ROLE_ARN trust/,
    ],
    [
      'a token that is not there',
      { AWS_WEB_IDENTITY_TOKEN_FILE: 'token-of-nobody' },
      undefined,
      /its token is mounted/,
    ],
  ] as const)('%s', async (_, environment, refusal, advice) => {
    become({ ...pod.webIdentity, ...environment })
    pod.expire()
    const opened = await open()
    for (const asking of [() => listed(opened.store, ''), () => opened.queue.receive(never)]) {
      const { message, hint, stack, cause } = await failureOf(asking())
      expect(message).toMatch(/^cannot (?:list|receive from) /)
      expect(hint).toMatch(advice)
      expect(canariesIn(`${message} ${hint} ${stack} ${String(cause)} ${JSON.stringify(cause)}`)).toEqual([])
    }
    expect(pod.refusals).toEqual(refusal === undefined ? [] : [refusal, refusal])
    await close(opened)
  })

  test('a role that allows no session tags, taken on by a pod whose session has them', async () => {
    become({ ...pod.podIdentity, AWS_ENDPOINT_URL_STS: pod.address })
    const opened = await open(tagless)
    const { message, hint } = await failureOf(listed(opened.store, ''))
    expect(message).toContain('sts:TagSession')
    expect(hint).toMatch(/^allow sts:TagSession beside sts:AssumeRole/)
    await close(opened)
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', undefined)
    become(pod.webIdentity)
    const untagged = await open(tagless)
    expect(await signers(untagged)).toEqual(['ROLE-1 with session-1', 'ROLE-1 with session-1'])
    await close(untagged)
  })

  test('and a new token mends it', async () => {
    become(pod.webIdentity)
    pod.expire()
    const opened = await open()
    await failureOf(listed(opened.store, ''))
    pod.rotate()
    expect(await signers(opened)).toEqual(['WEB-2 with session-2', 'WEB-2 with session-2'])
    await close(opened)
  })
})

interface Failed {
  readonly message: string
  readonly hint?: string
  readonly stack?: string
  readonly cause?: unknown
}

function failureOf(asked: Promise<unknown>): Promise<Failed> {
  return asked.then(
    () => expect.fail('it was answered'),
    (failed: Failed) => failed,
  )
}
