// What the ledger is written on, and what of it survives the end of a process. In memory a power cut can take back
// commits that were not asked to be durable. In a file it cannot be cut so finely: there a power cut is a killed process,
// which loses nothing; that durable commits reach the disk is shown with real crashes in test/ledger.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'

export interface Medium {
  /** The ledger as the present process has it open. */
  readonly ledger: Ledger
  /** Commits that a power cut may take back. */
  readonly volatile: number
  /** A start after an orderly stop. */
  reopen(): void
  /** A start after the process or the power ended; the first `keep` of the volatile commits survive. */
  crash(keep: number): void
  /** The world has ended. */
  dispose(): void
}

/** One world in so many is written to a file; the others are in memory, which is faster and can lose power. */
const FILE_EVERY = 6

/** `memory` and `file` are alike: neither loses power, so a world takes the same course on both. */
export type MediumName = 'memory' | 'file'

export function mediumOf(seed: number, name: MediumName | undefined): Medium {
  if (name === 'file' || (name === undefined && seed % FILE_EVERY === FILE_EVERY - 1)) return new SqliteMedium()
  return new MemoryMedium(name === undefined)
}

/** Where fsync costs nothing, if there is such a place: what it is for cannot be tested here. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

class MemoryMedium implements Medium {
  readonly ledger = new MemoryLedger()
  readonly #losesPower: boolean

  constructor(losesPower: boolean) {
    this.#losesPower = losesPower
  }

  get volatile(): number {
    return this.#losesPower ? this.ledger.volatileCommits() : 0
  }

  reopen(): void {
    this.ledger.reopen()
  }

  crash(keep: number): void {
    if (this.#losesPower) this.ledger.crash(keep)
    else this.ledger.reopen()
  }

  dispose(): void {}
}

class SqliteMedium implements Medium {
  readonly #folder = mkdtempSync(join(ROOM, 'forwarder-simulation-'))
  readonly volatile = 0
  #ledger = this.#open()

  get ledger(): Ledger {
    return this.#ledger
  }

  reopen(): void {
    this.#ledger.close()
    this.#ledger = this.#open()
  }

  crash(): void {
    this.reopen()
  }

  dispose(): void {
    this.#ledger.close()
    rmSync(this.#folder, { recursive: true })
  }

  #open(): Ledger {
    return openSqliteLedger({ path: join(this.#folder, 'ledger.db') })
  }
}
