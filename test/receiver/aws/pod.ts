// What stands around a pod that has an identity: the agent of EKS Pod Identity, STS, and a token that the kubelet writes into
// a file and replaces. Both services look at the token as theirs do, and give credentials that last a minute: that is within
// the five minutes before their end in which the SDK asks for new ones beside every use, so each use renews them for the
// next. All secrets hold the mark by which leaks are found.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canary } from '@circleci-audit-forwarder/contract/testing'

const LASTS_MS = 60_000
/** Becomes whoever is trusted, and allows no session tags. */
export const tagless = 'arn:aws:iam::444455556666:role/tagless'
export const podRole = 'arn:aws:iam::111122223333:role/audit-forwarder'

export class Pod {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pod-'))
  readonly tokenFile: string = join(this.folder, 'token')
  /** Why a token was not taken. */
  readonly refusals: string[] = []
  readonly #server: Server
  #given = 0
  #token = ''
  #issued = 0

  static async start(): Promise<Pod> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return new Pod(server)
  }

  private constructor(server: Server) {
    this.#server = server
    this.rotate()
    server.on('request', (request, response) => {
      if (request.url === '/v1/credentials') this.#agent(request, response)
      else void this.#sts(request, response)
    })
  }

  /** From now on the token before is refused. */
  rotate(): void {
    this.#issued += 1
    this.#token = canary(`token-${this.#issued}`)
    writeFileSync(this.tokenFile, this.#token)
  }

  /** The token is replaced, and nobody writes it into the file. */
  expire(): void {
    this.#token = canary('token-of-nobody')
  }

  /** How often credentials were given. */
  get given(): number {
    return this.#given
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The environment that EKS Pod Identity gives a container; its agent is on a link-local address there. */
  get podIdentity(): Readonly<Record<string, string>> {
    return {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${this.address}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: this.tokenFile,
      AWS_REGION: 'us-east-1',
    }
  }

  /** The environment that the webhook of IRSA gives a container; STS is on this machine. */
  get webIdentity(): Readonly<Record<string, string>> {
    return {
      AWS_ROLE_ARN: podRole,
      AWS_WEB_IDENTITY_TOKEN_FILE: this.tokenFile,
      AWS_ENDPOINT_URL_STS: this.address,
      AWS_REGION: 'us-east-1',
    }
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
    rmSync(this.folder, { recursive: true })
  }

  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  #agent({ headers, method }: IncomingMessage, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json')
    if (method !== 'GET' || headers.authorization !== this.#token) {
      this.refusals.push('agent')
      response.writeHead(401).end('{"Code":"AccessDeniedException","Message":"the service account token is not valid"}')
      return
    }
    const { key, secret, session, until } = this.#credentials('POD')
    response.end(
      JSON.stringify({ AccessKeyId: key, SecretAccessKey: secret, Token: session, Expiration: until, AccountId: '1' }),
    )
  }

  // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
  async #sts(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const asked = new URLSearchParams(Buffer.concat(pieces).toString())
    const action = asked.get('Action') ?? ''
    response.setHeader('content-type', 'text/xml')
    const fault = action === 'AssumeRole' ? this.#unassumed(asked, request) : this.#untrusted(asked, request)
    if (fault !== undefined) {
      this.refusals.push(fault)
      const error = `<Error><Type>Sender</Type><Code>${fault.replace(/Tag$/, '')}</Code><Message>${messages[fault]}</Message></Error>`
      response.writeHead(400).end(`<ErrorResponse>${error}<RequestId>1</RequestId></ErrorResponse>`)
      return
    }
    const { key, secret, session, until } = this.#credentials(action === 'AssumeRole' ? 'ROLE' : 'WEB')
    response.end(`<${action}Response><${action}Result><Credentials><AccessKeyId>${key}</AccessKeyId>
      <SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${session}</SessionToken>
      <Expiration>${until}</Expiration></Credentials></${action}Result></${action}Response>`)
  }

  /** What is wrong with a request by whoever has a token alone: it must be signed by nobody. */
  #untrusted(asked: URLSearchParams, { headers }: IncomingMessage): string | undefined {
    const isWhole = asked.get('Action') === 'AssumeRoleWithWebIdentity' && asked.get('RoleSessionName') !== null
    if (!isWhole || headers.authorization !== undefined) return 'ValidationError'
    if (asked.get('RoleArn') !== podRole) return 'AccessDenied'
    return asked.get('WebIdentityToken') === this.#token ? undefined : 'ExpiredTokenException'
  }

  /** Tags of the session go along with what the agent gave: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html */
  #unassumed(asked: URLSearchParams, request: IncomingMessage): string | undefined {
    const isTagged = request.headers.authorization?.includes('Credential=POD-')
    if (isTagged && asked.get('RoleArn') === tagless) return 'AccessDeniedTag'
    return this.#unsigned(request)
  }

  #unsigned({ headers }: IncomingMessage): string | undefined {
    const own = /Credential=(?:POD|WEB)-\d+\//.test(headers.authorization ?? '') && headers['x-amz-security-token']
    return own ? undefined : 'InvalidClientTokenId'
  }

  #credentials(whose: string) {
    const number = this.#issued
    this.#given += 1
    return {
      key: `${whose}-${number}`,
      secret: canary(`secret-${number}`),
      session: canary(`session-${number}`),
      until: new Date(Date.now() + LASTS_MS).toISOString().replace(/\.\d+/, ''),
    }
  }
}

const messages: Readonly<Record<string, string>> = {
  AccessDeniedTag: `User: arn:aws:sts::111122223333:assumed-role/audit-forwarder/eks-1 is not authorized to perform: sts:TagSession on resource: ${tagless}`,
  AccessDenied: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
  ExpiredTokenException: 'Token expired: current date/time must be before the expiration date/time',
  InvalidClientTokenId: 'The security token included in the request is invalid.',
  ValidationError: 'not as it must be',
}

/** Whose keys signed, and whether their session token came with it: `POD-1 with session-1-…`. */
export function signer(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const [, key = 'nobody'] = /Credential=([^/]+)\//.exec(String(headers['authorization'] ?? '')) ?? []
  const [session = 'no session'] = /session-\d+/.exec(String(headers['x-amz-security-token'] ?? '')) ?? []
  return `${key} with ${session}`
}
