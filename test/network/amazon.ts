// AWS in a private network: S3 and SQS are the emulator's, under any name AWS gives them; STS is a script that says who
// asked to be whom. Everything asked is written down by host.
import { request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { PrivateNetwork } from './private-network.ts'

/** What a certificate for these regions must hold: wildcards stand for one label. */
function namesIn(region: string): readonly string[] {
  const s3 = ['s3', 's3-fips', 's3.dualstack', 's3-fips.dualstack'].map(
    (service) => `*.${service}.${region}.amazonaws.com`,
  )
  const private_ = ['s3', 'sqs', 'sts'].map((service) => `*.${service}.${region}.vpce.amazonaws.com`)
  const bucket = `*.bucket.vpce-0a1b-2c3d.s3.${region}.vpce.amazonaws.com`
  return [`*.${region}.amazonaws.com`, `*.${region}.api.aws`, ...s3, ...private_, bucket]
}

export interface AmazonOptions {
  /** What the proxy asks for, as `user:password`. */
  readonly credentials?: string
  /** Whether S3 and SQS do as they are asked; else they say AccessDenied. */
  readonly guard?: (request: IncomingMessage) => boolean
  /** Others' hosts in the same network, and what they answer. */
  readonly beside?: { readonly names: readonly string[]; readonly answer: RequestListener }
}

export interface Assumption {
  readonly action: string
  readonly role: string | null
  readonly externalId: string | null
}

export class Amazon {
  readonly emulator: FauxqsServer
  readonly network: PrivateNetwork
  /** What STS was asked. */
  readonly assumed: readonly Assumption[]
  /** Whose keys signed what, e.g. `s3 us-gov-west-1 as THE-ROLE`. */
  readonly signed: ReadonlySet<string>

  static async start(regions: readonly string[], { credentials, beside, guard }: AmazonOptions = {}): Promise<Amazon> {
    const emulator = await startFauxqs({ port: 0, logger: false })
    const assumed: Assumption[] = []
    const signed = new Set<string>()
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const host = request.headers.host ?? ''
      if (beside?.names.includes(host) === true) beside.answer(request, response)
      else if (/(?:^|\.)sts(?:-fips)?\./.test(host)) void sts(request, response, assumed)
      else if (guard?.(request) === false) deny(request, response)
      else {
        note(request, signed)
        forward(request, response, emulator.port)
      }
    }
    const names = [...regions.flatMap(namesIn), ...(beside?.names ?? [])]
    const network = await PrivateNetwork.start({ names, answer, ...(credentials !== undefined && { credentials }) })
    return new Amazon(emulator, network, assumed, signed)
  }

  private constructor(
    emulator: FauxqsServer,
    network: PrivateNetwork,
    assumed: readonly Assumption[],
    signed: ReadonlySet<string>,
  ) {
    this.emulator = emulator
    this.network = network
    this.assumed = assumed
    this.signed = signed
  }

  async stop(): Promise<void> {
    await this.network.stop()
    await this.emulator.stop()
  }
}

function note({ headers }: IncomingMessage, signed: Set<string>): void {
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '')
  if (scope !== null) signed.add(`${scope[3]} ${scope[2]} as ${scope[1]}`)
}

function deny(request: IncomingMessage, response: ServerResponse): void {
  const isQueue = request.headers['x-amz-target'] !== undefined
  const body = isQueue
    ? '{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"not allowed by the policy"}'
    : '<Error><Code>AccessDenied</Code><Message>not allowed by the policy</Message></Error>'
  const type = isQueue ? 'application/x-amz-json-1.0' : 'application/xml'
  request
    .resume()
    .once('end', () =>
      response.writeHead(403, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : body),
    )
}

/** The host stays: the bucket is in it. */
function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path, headers } = request
  const upstream = ask({ port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  upstream.on('error', () => response.destroy())
  request.pipe(upstream)
}

async function sts(request: IncomingMessage, response: ServerResponse, assumed: Assumption[]): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const asked = new URLSearchParams(Buffer.concat(pieces).toString())
  const action = asked.get('Action') ?? ''
  assumed.push({ action, role: asked.get('RoleArn'), externalId: asked.get('ExternalId') })
  const key = action === 'AssumeRole' ? 'THE-ROLE' : 'THE-POD'
  response.setHeader('content-type', 'text/xml')
  response.end(`<${action}Response><${action}Result><Credentials><AccessKeyId>${key}</AccessKeyId>
    <SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
    <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`)
}
