// What `doctor` says of one thing it looked at. The shape is that of an exporter's findings, so that stores, queues, the
// ledger and destinations can be shown in one table.

export type FindingLevel =
  /** Proven. */
  | 'ok'
  /** It works, and something about it should be known. */
  | 'warning'
  /** It does not work as it is. */
  | 'error'
  /** It could not be proven; `detail` says why. */
  | 'unknown'

/** One thing that was looked at: what was proven, what was not and why, what to do next. */
export interface Finding {
  readonly level: FindingLevel
  readonly what: string
  readonly detail?: string
  readonly next?: string
}

/** Whether something is wrong: warnings are worth knowing, and what could not be proven speaks against nothing. */
export function isWrong(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'error')
}

/** What a failure's own words make of a finding. Errors of this program carry a hint; it becomes what to do next. */
export function failedFinding(what: string, error: unknown, level: FindingLevel = 'error'): Finding {
  const { message, hint } = error as { message?: string; hint?: string | undefined }
  return { level, what, detail: message ?? String(error), ...(hint === undefined ? {} : { next: hint }) }
}
