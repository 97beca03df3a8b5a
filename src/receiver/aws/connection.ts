// How this program talks to AWS, once for every service. Credentials come only from the SDK's default chain (environment,
// shared files, SSO, web identity, container, instance), optionally exchanged for a role's: there is no setting for a key,
// so none can leak from a configuration. Retries are the SDK's own and few, because the loops above retry for ever with
// a pace of their own, and a failure that nobody hears of for ten attempts is a failure hidden.

import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler'

/** What the SDK's own provider for a role gives. */
type RoleCredentials = ReturnType<typeof import('@aws-sdk/credential-providers').fromTemporaryCredentials>

/** What a user may set for any AWS service. */
export interface AwsSettings {
  /** Default: what the SDK finds (AWS_REGION, profile), and `us-east-1` where an endpoint is set. */
  readonly region?: string | undefined
  /** For S3-compatible stores and private endpoints. */
  readonly endpoint?: string | undefined
  readonly role_arn?: string | undefined
  readonly external_id?: string | undefined
}

/** Proxy and certificate authority come in as agents: `{ httpAgent, httpsAgent }`. Time limits not given are ours. */
export type AwsHttp = NodeHttpHandlerOptions

/** A request's limits. `requestTimeout` ends with the response's head; the body has its own idle limit. */
export const awsTimeouts = {
  connectionTimeout: 10_000,
  requestTimeout: 60_000,
  socketTimeout: 65_000,
  throwOnRequestTimeout: true,
} as const

export interface AwsConnection {
  readonly maxAttempts: number
  readonly retryMode: string
  readonly requestHandler: AwsHttp
  readonly region?: string
  readonly endpoint?: string
  readonly credentials?: RoleCredentials
}

/** The constructor options that every AWS client of this program shares. Makes no request. */
export async function awsConnection(settings: AwsSettings, http: AwsHttp = {}): Promise<AwsConnection> {
  const requestHandler = { ...awsTimeouts, ...http }
  const region = settings.region ?? (settings.endpoint === undefined ? undefined : 'us-east-1')
  return {
    maxAttempts: 3,
    retryMode: 'standard',
    requestHandler,
    ...(region === undefined ? {} : { region }),
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.role_arn === undefined
      ? {}
      : { credentials: await assumed(settings.role_arn, settings, requestHandler) }),
  }
}

async function assumed(role: string, settings: AwsSettings, requestHandler: AwsHttp): Promise<RoleCredentials> {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const { region, external_id } = settings
  return fromTemporaryCredentials({
    params: {
      RoleArn: role,
      RoleSessionName: 'circleci-audit-forwarder',
      ...(external_id === undefined ? {} : { ExternalId: external_id }),
    },
    clientConfig: { requestHandler, ...(region === undefined ? {} : { region }) },
  })
}
