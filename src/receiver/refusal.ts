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

/** Whether it says nothing of us or of what we asked: no answer, or one of a service that is busy or failing. */
export function isPassing({ status }: Refusal): boolean {
  // 501 is a service that does not have what was asked for, and will not have it later.
  return status === undefined || status === 408 || status === 429 || (status >= 500 && status !== 501)
}

const untrusted =
  /UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_UNTRUSTED|self-signed certificate|unable to (?:get local issuer|verify the first) certificate/

/** What to do where no answer came. */
export function unansweredHint({ code, text }: Refusal): string {
  const all = `${code} ${text}`
  if (untrusted.test(all))
    return 'name the authority that signed the certificate in service.ca_file; a proxy that looks into TLS has one of its own'
  if (/ERR_TLS_CERT_ALTNAME|CERT_HAS_EXPIRED|certificate has expired|altnames/.test(all))
    return 'see who answers there: its certificate is for another name, or has expired'
  if (/ERR_PROXY|tunnel|Proxy Authentication|statusCode=407/i.test(all))
    return 'the proxy does not let us through: check service.proxy, or HTTPS_PROXY and NO_PROXY'
  return 'check endpoint, DNS, proxy and firewall; it is tried again'
}
