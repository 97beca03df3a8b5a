import type { Config } from '../config/schema.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** The configured ledger, opened by the one process that may write it. Throws SetupError. */
export async function openLedger({ service }: Config): Promise<Ledger> {
  const maxQuarantineBytes = service.quarantine.max_bytes
  if (service.ledger.sqlite === undefined) {
    const { MemoryLedger } = await import('../ledger/memory/ledger.ts')
    return new MemoryLedger({ maxQuarantineBytes })
  }
  const { openSqliteLedger } = await import('../ledger/sqlite/ledger.ts')
  return openSqliteLedger({ path: service.ledger.sqlite.path, maxQuarantineBytes })
}
