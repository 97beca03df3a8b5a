// How this program talks to AWS, once for every service. Credentials come only from the SDK's default chain (environment,
// shared files, SSO, web identity, container, instance), optionally exchanged for a role's: there is no setting for a key,
// so none can leak from a configuration. Retries are the SDK's own and few, because the loops above retry for ever with
// a pace of their own, and a failure that nobody hears of for ten attempts is a failure hidden. The proxy of the
// environment holds for every service (the SDK itself knows none), and the SDK hands our connections on to what it asks
// for credentials. FIPS and dual stack have no settings: the environment's (AWS_USE_FIPS_ENDPOINT,
// AWS_USE_DUALSTACK_ENDPOINT) reach the identity services too, which no setting of ours could.

import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler'
import { SetupError } from '../../domain/failures.ts'
import { type Counted, uncounted } from '../requests.ts'
import { counting } from './counting.ts'
import { isAws, regionOf } from './partition.ts'

/** What the SDK's own provider for a role gives. */
type RoleCredentials = ReturnType<typeof import('@aws-sdk/credential-providers').fromTemporaryCredentials>

/** What a user may set for any AWS service. */
export interface AwsSettings {
  /** Default: the one an AWS endpoint names, else what the SDK finds (AWS_REGION, profile); `us-east-1` at others' endpoints. */
  readonly region?: string | undefined
  /** Of an S3-compatible service, or a VPC endpoint's. */
  readonly endpoint?: string | undefined
  readonly role_arn?: string | undefined
  readonly external_id?: string | undefined
}

/** Limits not given are ours. */
export type AwsHttp = NodeHttpHandlerOptions

/** A request's limits. `requestTimeout` ends with the response's head; the body has its own idle limit. */
export const awsTimeouts = {
  connectionTimeout: 10_000,
  requestTimeout: 60_000,
  socketTimeout: 65_000,
  throwOnRequestTimeout: true,
} as const

/** As the SDK's own, which know no proxy. */
const pool = { keepAlive: true, maxSockets: 50 } as const

export interface AwsConnection {
  readonly maxAttempts: number
  readonly retryMode: string
  readonly requestHandler: AwsHttp
  readonly region?: string
  readonly endpoint?: string
  readonly useFipsEndpoint?: false
  readonly useDualstackEndpoint?: false
  readonly credentials?: RoleCredentials
}

/** What every AWS service's client may be given besides its settings. */
export interface AwsSeams {
  /** Other limits than ours. */
  readonly requestHandler?: AwsHttp
  readonly counted?: Counted
}

/** The constructor options that every AWS client of this program shares. Makes no request. */
export async function awsConnection(settings: AwsSettings, seams: AwsSeams = {}): Promise<AwsConnection> {
  const requestHandler = { ...awsTimeouts, ...agents(), ...seams.requestHandler }
  const region = settings.region ?? regionAt(settings.endpoint)
  return {
    maxAttempts: 3,
    retryMode: 'standard',
    requestHandler,
    ...(region === undefined ? {} : { region }),
    ...at(settings.endpoint),
    ...(settings.role_arn === undefined
      ? {}
      : { credentials: await assumed(settings.role_arn, settings, requestHandler, seams.counted ?? uncounted) }),
  }
}

function agents(): Pick<AwsHttp, 'httpAgent' | 'httpsAgent'> {
  const options = { ...pool, proxyEnv: process.env }
  try {
    return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) }
  } catch {
    // The error quotes the address, and with it the password.
    throw new SetupError('the proxy that the environment names is no URL', {
      hint: 'write HTTPS_PROXY=http://host:port, or service.proxy',
    })
  }
}

/** An S3-compatible service is asked in one region wherever the machine is; undefined leaves it to the SDK. */
function regionAt(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined
  return isAws(endpoint) ? regionOf(endpoint) : 'us-east-1'
}

/** An endpoint is an address already: what the environment says of the kind of address to make is for the others. */
function at(
  endpoint: string | undefined,
): Pick<AwsConnection, 'endpoint' | 'useFipsEndpoint' | 'useDualstackEndpoint'> {
  return endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }
}

async function assumed(
  role: string,
  settings: AwsSettings,
  requestHandler: AwsHttp,
  counted: Counted,
): Promise<RoleCredentials> {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const { region, external_id } = settings
  return fromTemporaryCredentials({
    params: {
      RoleArn: role,
      RoleSessionName: 'circleci-audit-forwarder',
      ...(external_id === undefined ? {} : { ExternalId: external_id }),
    },
    clientConfig: { requestHandler, ...(region === undefined ? {} : { region }) },
    clientPlugins: [counting('sts', counted)],
  })
}
