// What a cloud's refusal says, without what it must not say. The SDKs' error objects carry the request that failed, with
// its credentials in headers or address. So an error itself never travels on as a cause; a clean one with the same name
// and text does.

export interface Refusal {
  /** The service's error code, or the system's (`ECONNREFUSED`), or the class of the error. */
  readonly code: string
  /** HTTP status, undefined if there was no answer. */
  readonly status: number | undefined
  /** Code and message, bounded, fit for a log line. */
  readonly text: string
  /** The failure without the request that caused it. */
  readonly cause: Error
}

const TEXT_MAX = 400

/** A refusal of these words. */
export function refused(code: string, status: number | undefined, message: string | undefined): Refusal {
  const text = `${code}: ${message || 'no message'}`.slice(0, TEXT_MAX)
  const cause = new Error(text)
  cause.name = code
  return { code, status, text, cause }
}

/** What a failure's words are made of: the hint only where there is one. */
export function because(
  { cause }: Refusal,
  hint: string | undefined,
): { readonly cause: Error; readonly hint?: string } {
  return hint === undefined ? { cause } : { cause, hint }
}
