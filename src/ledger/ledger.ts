// The one idea of the house: one row per audit object and destination. Progress is the rows, retry is "rows due now",
// the watermark is what stands below every outstanding row. So a crash at any point costs time, never data.
//
// Two implementations, `memory` (the reference) and `sqlite`, pass one suite and one model. Both are synchronous:
// a method is one transaction, committed when it returns. What its doc calls durable is on the disk (fsynced) by then;
// the rest may be forgotten by a power cut, always the latest first, and each method says what that means.
// Rejected: an asynchronous interface, which would let a lane observe half a transaction.
import type { AccountLedger } from './accounts.ts'
import type { AlterationLedger } from './alterations.ts'
import type { BelongingLedger } from './belongings.ts'
import type { ClosingLedger } from './closing.ts'
import type { DiscoveryLedger } from './discovery.ts'
import type { DuplicateLedger } from './duplicates.ts'
import type { FailingLedger } from './failure.ts'
import type { HoldingLedger } from './holdings.ts'
import type { HourLedger } from './hours.ts'
import type { ImportLedger } from './imports.ts'
import type { IntentLedger } from './intents.ts'
import type { NameLedger } from './names.ts'
import type { OwnLedger } from './own.ts'
import type { ProgressLedger } from './progress.ts'
import type { QuarantineLedger } from './quarantine.ts'
import type { RepairLedger } from './repairs.ts'
import type { RequestLedger } from './requests.ts'
import type { SealLedger } from './seals.ts'
import type { TotalLedger } from './totals.ts'
import type { WatchLedger } from './watch.ts'

export interface Ledger
  extends DiscoveryLedger,
    DuplicateLedger,
    ProgressLedger,
    IntentLedger,
    AccountLedger,
    QuarantineLedger,
    RepairLedger,
    AlterationLedger,
    TotalLedger,
    NameLedger,
    OwnLedger,
    ClosingLedger,
    HourLedger,
    HoldingLedger,
    FailingLedger,
    RequestLedger,
    SealLedger {
  readonly imports: ImportLedger
  readonly watch: WatchLedger
  readonly belongings: BelongingLedger
  /** Releases the lock and the file. May be called twice. */
  close(): void
}
