// How this program talks to Azure Storage, once for blobs and queues. Credentials come from Entra ID by the SDK's default
// chain (workload identity, managed identity, environment, command line), or from a shared access signature where an
// account's owner hands out nothing else. There is no setting for an account key: whoever holds one may do anything to
// everything in the account. The SDK sends tokens over https only. Its retries are few, because the loops above try for
// ever at a pace of their own; and it has no limit for an answer that does not come, so requests are made within one of ours.
import type { TokenCredential } from '@azure/identity'
import type { Counted } from '../requests.ts'

/** What a user may set for any service of a storage account. */
export interface AzureSettings {
  readonly account: string
  /** The account's service in another cloud, or an emulator's, with the account as path. */
  readonly endpoint?: string | undefined
  /** With or without its question mark. */
  readonly sas_token?: string | undefined
  /** Of a user-assigned managed identity. */
  readonly client_id?: string | undefined
}

export interface AzureSeams {
  /** Attempts in all. Default 3. */
  readonly attempts?: number
  /** How long an answer may take to begin, in milliseconds. Default 60 s. */
  readonly answerMs?: number
  /** Told of each request once: attempts that the SDK repeats it does not show. */
  readonly counted?: Counted
  /** The shared access signature as it is now, where it can change. */
  readonly signature?: () => string
}

export interface AzureConnection {
  /** The service's URL, the signature of this moment in its query where there is one. A secret then. */
  readonly url: (path: string) => string
  /** Undefined: the URL says it all. */
  readonly credential: TokenCredential | undefined
  readonly options: {
    readonly retryOptions: {
      readonly maxTries: number
      readonly retryDelayInMs: number
      readonly maxRetryDelayInMs: number
    }
    readonly userAgentOptions: { readonly userAgentPrefix: string }
  }
}

/** The service's address, without a secret. */
export function azureAddress(service: 'blob' | 'queue', { account, endpoint }: AzureSettings): string {
  return (endpoint ?? `https://${account}.${service}.core.windows.net`).replace(/\/+$/, '')
}

/** A client for each address: another one as soon as the signature in it is another. */
export function clientFor<Client>(address: () => string, make: (url: string) => Client): () => Client {
  let made: { readonly url: string; readonly client: Client } | undefined
  return () => {
    const url = address()
    if (made?.url !== url) made = { url, client: make(url) }
    return made.client
  }
}

/** What both clients are made from. The identity library is loaded only where it is needed. Makes no request. */
export async function azureConnection(
  service: 'blob' | 'queue',
  settings: AzureSettings,
  seams: AzureSeams,
): Promise<AzureConnection> {
  const address = azureAddress(service, settings)
  const signature = seams.signature ?? (() => settings.sas_token)
  return {
    url: (path) => {
      const query = signature()?.replace(/^\?/, '')
      return `${address}/${encodeURIComponent(path)}${query === undefined ? '' : `?${query}`}`
    },
    credential: signature() === undefined ? await identity(settings) : undefined,
    options: {
      retryOptions: { maxTries: seams.attempts ?? 3, retryDelayInMs: 500, maxRetryDelayInMs: 4000 },
      userAgentOptions: { userAgentPrefix: 'circleci-audit-forwarder' },
    },
  }
}

async function identity({ client_id }: AzureSettings): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity')
  if (client_id === undefined) return new DefaultAzureCredential()
  return new DefaultAzureCredential({ managedIdentityClientId: client_id, workloadIdentityClientId: client_id })
}
