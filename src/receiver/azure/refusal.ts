// What a refusal of Azure says. The SDK's errors carry the request, whose address holds the shared access signature, so only
// code and first line of the message are taken, and addresses lose their query.
// https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
import { type Refusal, refused, unansweredHint } from '../refusal.ts'

interface Thrown {
  readonly name?: string
  readonly code?: unknown
  readonly statusCode?: number
  readonly message?: string
  /** From a header: an answer to HEAD has nothing else to say why. */
  readonly details?: { readonly errorCode?: unknown }
}

export function refusal(error: unknown): Refusal {
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : { message: String(error) }
  // The identity service answers with statuses of its own, which say nothing about the storage account.
  const status = isIdentityError(thrown) ? undefined : thrown.statusCode
  return refused(codeOf(thrown, status), status, words(thrown))
}

function codeOf({ name, code, details }: Thrown, status: number | undefined): string {
  const said = [details?.errorCode, code].find((each) => typeof each === 'string' && each !== '')
  if (typeof said === 'string') return said
  if (status !== undefined) return `HTTP ${status}`
  return name ?? 'Error'
}

/** The storage services write their request's id and time on further lines; identity errors, what each source said. */
function words(thrown: Thrown): string {
  const message = thrown.message ?? ''
  const text = isIdentityError(thrown) ? message : (message.split('\n')[0] ?? '')
  return text
    .replace(/(https?:\/\/[^\s?]+)\?\S*/g, '$1')
    .replace(/\bsig=[^&\s]+/g, 'sig=...')
    .replace(/\s+/g, ' ')
    .trim()
}

const identityErrors = /^(?:Credential\w*|Authentication\w*|AggregateAuthentication)Error$/

function isIdentityError({ name }: Thrown): boolean {
  return identityErrors.test(name ?? '')
}

/** Refused for who we are, not for what we asked. */
export function isCredentialProblem({ code, status }: Refusal): boolean {
  return identityErrors.test(code) || status === 401 || badCredentials.has(code)
}

const badCredentials = new Set(['AuthenticationFailed', 'InvalidAuthenticationInfo', 'NoAuthenticationInformation'])

/** Refused for lack of a permission, or of a key to decrypt with. */
export function isDenial({ code, status }: Refusal): boolean {
  return status === 403 || status === 401 || /KeyVault|PublicAccessNotPermitted/.test(code)
}

/** What to do about failures that any service of an account can answer with; undefined if the service must say more. */
export function commonHint(refused: Refusal, { signed }: { readonly signed: boolean }): string | undefined {
  const { code, status, text } = refused
  if (identityErrors.test(code))
    return 'give the process an identity of Azure: workload or managed identity, or AZURE_* variables; or set sas_token'
  if (signed && code === 'AuthorizationFailure') return `${hints[code]}, and see that the signature still holds`
  const known = hints[code]
  if (known !== undefined) return known
  if (isCredentialProblem(refused)) {
    return signed
      ? 'make a new shared access signature: this one has expired, is not valid yet, is for another container or queue, or its key was rotated'
      : "renew the identity's credentials, and see that this machine's clock is right; those it has are not accepted"
  }
  if (/KeyVault/.test(code)) return 'let the storage account use its key in the key vault, and enable the key'
  if (/ENOTFOUND|getaddrinfo/.test(`${code} ${text}`))
    return 'check account and endpoint: no storage account answers under that name'
  if (status === undefined) return unansweredHint(refused)
  return status >= 500 || status === 429 ? 'the service is busy or failing; it is tried again' : undefined
}

const hints: Readonly<Partial<Record<string, string>>> = {
  AccountIsDisabled: 'enable the storage account',
  AuthorizationFailure: "let this machine's network through the storage account's firewall",
  AuthorizationProtocolMismatch:
    'the shared access signature is for https: write an endpoint that begins with https://',
  AuthorizationResourceTypeMismatch:
    'the shared access signature is for another kind of resource: make one for the container or queue',
  AuthorizationServiceMismatch:
    'the shared access signature is for another service of the account: make one for this one',
  AuthorizationSourceIPMismatch: "the shared access signature is for other addresses than this machine's",
  KeyBasedAuthenticationNotPermitted:
    'the account allows no signatures made with its key: make a user delegation signature, or leave sas_token out and use an identity',
}
