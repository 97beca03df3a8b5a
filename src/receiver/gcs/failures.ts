// What follows from Google's ways to say no. Only its own "No such object" means that an object is gone: a bucket that is
// not there answers 404 too, and so does a proxy. Who may not list gets a 403 for an object that is not there; that stays
// outstanding.
import { ReadFailure, type ReadFailureKind, SourceFailure } from '../../domain/failures.ts'
import { isJson, parsedJson } from '../json.ts'
import { because, isPassing, type Refusal, refused, unansweredHint } from '../refusal.ts'

/** What Google's transport throws: of an answer, with its status; of none, with the system's code. */
interface Thrown {
  readonly name?: string
  readonly code?: unknown
  readonly message?: string
  readonly response?: { readonly status?: number; readonly data?: unknown }
}

interface ErrorBody {
  readonly error?: {
    readonly message?: string
    readonly errors?: readonly { readonly reason?: string }[]
  }
}

export function refusal(error: unknown): Refusal {
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : { message: String(error) }
  const status = thrown.response?.status
  const said = (bodyOf(thrown.response?.data) ?? bodyOf(thrown.message))?.error
  const code = said?.errors?.[0]?.reason ?? (status === undefined ? codeOf(thrown) : `HTTP ${status}`)
  return refused(code, status, line(said?.message ?? thrown.message ?? ''))
}

function codeOf({ name, code }: Thrown): string {
  return typeof code === 'string' ? code : (name ?? 'Error')
}

/** Where bytes were asked for, the body of a refusal comes as text, or as the error's message; either may be JSON. */
function bodyOf(data: unknown): ErrorBody | undefined {
  const body = typeof data === 'string' && data.startsWith('{') ? parsedJson(data) : data
  return isJson(body) && isJson(body['error']) ? body : undefined
}

/** One line, without the query of an address: what is no JSON comes as it is, and may be a proxy's page. */
function line(words: string): string {
  return words
    .replace(/(https?:\/\/[^\s?]+)\?\S*/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

/** A listing, or a look at one object, that failed. */
export function listFailure(error: unknown, bucket: string, prefix: string): SourceFailure {
  const refused = refusal(error)
  const hint = commonHint(refused) ?? denialHint(refused, bucket, 'storage.objects.list')
  const passing = (isPassing(refused) || isThrottling(refused.code)) && !isCredentialProblem(refused)
  return new SourceFailure(`cannot list gs://${bucket}/${prefix}: ${refused.text}`, {
    ...because(refused, hint),
    passing,
  })
}

/** An object that could not be read. */
export function readFailure(error: unknown, bucket: string, key: string): ReadFailure {
  const refused = refusal(error)
  const kind = kindOf(refused)
  const hint = kind === 'gone' ? undefined : (commonHint(refused) ?? denialHint(refused, bucket, 'storage.objects.get'))
  return new ReadFailure(kind, `cannot read gs://${bucket}/${key}: ${refused.text}`, because(refused, hint))
}

/** Google's own word for an object that is not there. */
export function isAbsent({ status, text }: Refusal): boolean {
  return status === 404 && /No such object/i.test(text)
}

function kindOf(refused: Refusal): ReadFailureKind {
  if (isAbsent(refused)) return 'gone'
  if (isBucketMissing(refused) || isCredentialProblem(refused) || isDenial(refused)) return 'denied'
  return 'unreachable'
}

export function isDenial({ status, code, text }: Refusal): boolean {
  if (isThrottling(code)) return false
  return status === 403 || status === 401 || (status === 400 && /kms/i.test(text))
}

/** Some quotas are refused as if they were permissions. */
function isThrottling(code: string): boolean {
  return /^(?:user)?rateLimitExceeded$|quotaExceeded|dailyLimitExceeded/i.test(code)
}

function isBucketMissing({ status, text }: Refusal): boolean {
  return status === 404 && /bucket does not exist/i.test(text)
}

function isCredentialProblem({ status, code, text }: Refusal): boolean {
  return status === 401 || /invalid_grant|invalid_client|unauthorized_client/.test(code) || noCredentials.test(text)
}

const noCredentials = /Could not load the default credentials|invalid_grant|reauth related error|impersonat/i

function commonHint(refused: Refusal): string | undefined {
  const { status, code, text } = refused
  if (/Could not load the default credentials/.test(text))
    return 'give the process Google credentials: workload identity, an attached service account, or GOOGLE_APPLICATION_CREDENTIALS'
  if (isCredentialProblem(refused)) return 'renew the Google credentials of this process; those it has are not accepted'
  if (isBucketMissing(refused)) return 'check store.gcs.bucket and endpoint: there is no such bucket where we asked'
  if (/have the checksum/.test(text)) return 'the bytes were damaged on their way; it is tried again'
  if (status === undefined) return unansweredHint(refused)
  return status >= 500 || status === 429 || status === 408 || isThrottling(code)
    ? 'the service is busy or failing; it is tried again'
    : undefined
}

function denialHint(refused: Refusal, bucket: string, permission: string): string | undefined {
  if (!isDenial(refused)) return undefined
  if (/kms/i.test(refused.text))
    return 'let the service agent of Cloud Storage use the key (roles/cloudkms.cryptoKeyEncrypterDecrypter), and enable the key'
  if (/VPC Service Controls|SECURITY_POLICY_VIOLATED|vpcServiceControls/i.test(refused.text))
    return "let this network into the project's VPC service perimeter"
  return `grant roles/storage.objectViewer on gs://${bucket} to the service account of this process (missing: ${permission})`
}
