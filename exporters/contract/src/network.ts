// What an error of the network means, and how it is told without a secret.
import { DeadlineError } from './deadline.ts'

const handshake =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EPROTO$)/
/** In TLS 1.3 a server refuses the client's certificate after the client has begun to send; it has not read the request. */
const lateRefusal = /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/

/** Whether certificates or the handshake are at fault, so that nothing arrived and the same attempt would fail again. */
export function isTlsFailure(error: unknown, started: boolean): boolean {
  return codes(error).some((code) => (started ? lateRefusal : handshake).test(code))
}

/** Whether nobody answered in time: the attempt's deadline, or a connection that was not made. */
export function isTimeout(error: unknown): boolean {
  const slow = ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']
  return error instanceof DeadlineError || codes(error).some((code) => slow.includes(code))
}

/** One line for people: the code, what failed, never a query or userinfo. */
export function networkReason(error: unknown): string {
  if (error instanceof DeadlineError) return error.message
  if (error instanceof Error && error.name === 'AbortError') return 'cancelled'
  const [code] = codes(error)
  const message = plain(messageOf(error))
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}

/** The codes of an error, of what caused it, and of the addresses that were tried. */
function codes(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 4) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const tried = error instanceof AggregateError ? error.errors : []
  return [...own, ...[error.cause, ...tried].flatMap((inner) => codes(inner, depth + 1))]
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0])
  if (!(error instanceof Error)) return 'the attempt was cancelled'
  const cause = error.cause instanceof Error && error.cause.message !== error.message ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}

function plain(message: string): string {
  return message
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .replaceAll(/\?[^\s]*/g, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
}
