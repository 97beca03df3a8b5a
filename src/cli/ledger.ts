import type { Config } from '../config/schema.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { systemClock } from './clock.ts'

/** For how long it is tried to take a ledger that somebody else has, and how often, in milliseconds. */
const WAIT_MS = 5_000
const TRY_MS = 500

/**
 * The configured ledger, opened by the one process that may write it. A command that looks whether its forwarder is back, or
 * ends just now, is waited for. Throws SetupError.
 */
export async function openLedger(
  { service }: Config,
  say: (text: string) => void = onStderr,
  waitMs: number = WAIT_MS,
): Promise<Ledger> {
  const maxQuarantineBytes = service.quarantine.max_bytes
  if (service.ledger.sqlite === undefined) {
    const { MemoryLedger } = await import('../ledger/memory/ledger.ts')
    return new MemoryLedger({ maxQuarantineBytes })
  }
  const { openSqliteLedger } = await import('../ledger/sqlite/ledger.ts')
  const { LedgerHeld } = await import('../ledger/sqlite/lock.ts')
  for (let tries = 1; ; tries += 1) {
    try {
      return openSqliteLedger({ path: service.ledger.sqlite.path, maxQuarantineBytes })
    } catch (error) {
      if (!(error instanceof LedgerHeld) || tries * TRY_MS > waitMs) throw error
      if (tries === 1) say(`the ledger is in use; it is tried again for ${waitMs / 1_000} s`)
      await systemClock.sleep(TRY_MS)
    }
  }
}

function onStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}
