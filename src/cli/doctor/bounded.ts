import { setTimeout as sleep } from 'node:timers/promises'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { duration } from '../../telemetry/units.ts'

/** A check that heeds its signal gets so long to tell what it found until then, in milliseconds. */
const GRACE_MS = 1000

/**
 * Runs a check under a signal that aborts after `ms`. Neither waits for one that ignores it (a network mount that hangs)
 * nor fails with one that throws: both are findings.
 */
export async function bounded(
  what: string,
  ms: number,
  check: (signal: AbortSignal) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const stop = new AbortController()
  const over = new AbortController()
  const timer = setTimeout(() => stop.abort(), ms)
  const late = sleep(ms + GRACE_MS, undefined, { signal: over.signal }).then((): readonly Finding[] => [
    {
      level: 'error',
      what,
      detail: `no answer within ${duration(ms)}`,
      next: 'see whether it hangs, or give it more time with --timeout',
    },
  ])
  late.catch(() => undefined)
  try {
    const found = Promise.resolve(stop.signal).then(check)
    return await Promise.race([found.catch((error: unknown) => [failedFinding(what, error)]), late])
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}
