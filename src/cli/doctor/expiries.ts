import type { Expiry } from '../../config/expiry.ts'
import type { Finding } from '../../domain/finding.ts'
import { duration } from '../../telemetry/units.ts'

/** Sooner than this, an end is warned of. */
const SOON_MS = 30 * 86_400_000

/** Until when certificates hold. `now` is milliseconds since 1970. */
export function expiryFindings(ends: readonly Expiry[], now: number): readonly Finding[] {
  return ends.map(({ setting, at }): Finding => {
    const what = `the certificate of ${setting} is valid`
    const next = 'replace the file by a newer one; no restart is needed'
    if (at <= now) return { level: 'error', what, detail: `it expired ${duration(now - at)} ago`, next }
    const detail = `for ${duration(at - now)} more`
    return at - now < SOON_MS ? { level: 'warning', what, detail, next } : { level: 'ok', what, detail }
  })
}
