// What an AWS call's failure says. A SignatureDoesNotMatch holds the canonical request with the session token in its
// headers, which is why only code and message are taken (see ../refusal.ts).
import { type Refusal, refused, unansweredHint } from '../refusal.ts'

export type { Refusal }

interface Thrown {
  readonly name?: string
  readonly code?: unknown
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const badCredentials = new Set([
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IDPRejectedClaim',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidIdentityToken',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])

/** Of a file, by the system. The only ones that are read for a request are those of credentials. */
const unreadable = new Set(['EACCES', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EPERM'])

export function refusal(error: unknown): Refusal {
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : { message: String(error) }
  const status = thrown.$metadata?.httpStatusCode
  return refused(codeOf(thrown, status), status, thrown.message)
}

// System errors have a code and the name `Error`; the service's have their code as name, or `UnknownError` without a body.
function codeOf(thrown: Thrown, status: number | undefined): string {
  if (typeof thrown.code === 'string') return thrown.code
  const named = thrown.name !== undefined && thrown.name !== 'UnknownError' && thrown.name !== 'Error'
  if (named) return thrown.name
  return status === undefined ? (thrown.name ?? 'Error') : `HTTP ${status}`
}

/** Refused for who we are, not for what we asked. */
export function isCredentialProblem(refusal: Refusal): boolean {
  return badCredentials.has(refusal.code) || /sts:(?:AssumeRole|TagSession)/.test(refusal.text)
}

/** Refused for lack of a permission. */
export function isDenial(refusal: Refusal): boolean {
  return refusal.status === 403 || refusal.status === 401 || /AccessDenied|KMS/.test(refusal.code)
}

/** What to do about failures that any AWS service can answer with; undefined if the service must say more. */
export function commonHint(refusal: Refusal): string | undefined {
  if (refusal.text.includes('sts:AssumeRoleWithWebIdentity'))
    return "let the role of AWS_ROLE_ARN trust this pod: its cluster's identity provider, namespace and service account"
  // EKS Pod Identity marks a pod's session with tags that go along wherever it becomes another role.
  if (refusal.text.includes('sts:TagSession'))
    return "allow sts:TagSession beside sts:AssumeRole, in the trust policy of role_arn and to this pod's own role: EKS Pod Identity passes session tags on"
  if (refusal.text.includes('sts:AssumeRole'))
    return 'let the role of role_arn trust this identity (sts:AssumeRole, and external_id if the trust policy asks for one)'
  if (refusal.code === 'CredentialsProviderError')
    return 'give the process AWS credentials the SDK can find: a pod or instance role, AWS_PROFILE, or AWS_* variables'
  if (unreadable.has(refusal.code))
    return 'a file that the AWS_* variables of this process name cannot be read: see that its token is mounted, and readable for this user'
  if (isCredentialProblem(refusal)) return 'renew the AWS credentials of this process; those it has are not accepted'
  if (refusal.code === 'RequestTimeTooSkewed') return "set this machine's clock: it is too far from the service's"
  if (/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/.test(refusal.code))
    return 'set region to the region the resource lies in'
  if (/Region is missing/.test(refusal.text)) return 'set region, or AWS_REGION'
  if (refusal.status === undefined) return unansweredHint(refusal)
  // 501 is a service that does not have what was asked for, and will not have it later.
  return (refusal.status >= 500 && refusal.status !== 501) || refusal.status === 429
    ? 'the service is busy or failing; it is tried again'
    : undefined
}
