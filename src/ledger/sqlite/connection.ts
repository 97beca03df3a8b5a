// One SQLite connection: statements prepared once, transactions that are on the disk when they must be, and errors in
// words. In WAL mode a commit is fsynced only under synchronous=FULL, and an fsync of the log covers every commit before
// it; so FULL is set exactly for transactions that are documented durable, and a power cut takes the rest latest first.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { LedgerFailure } from '../failure.ts'

export type Durability = 'durable' | 'volatile'

/** Longer than any transaction of ours or of a command lasts. */
const busyTimeoutMs = 5_000
/** Free pages are kept for what comes next, 16 MiB of them. */
const freePagesKept = 4096
/** As many as a call that seals objects may free, so that a call's time is bounded too. */
const pagesGivenBack = 512

export class Connection {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #synchronous: 'FULL' | 'NORMAL' | undefined
  #within = false
  /** What went wrong within the open transaction: whoever caught it must not commit the half of it. */
  #failure: { readonly error: unknown } | undefined
  #failing: LedgerFailure | undefined

  constructor(path: string, options: { readonly readOnly: boolean }) {
    this.path = path
    this.#database = new DatabaseSync(path, { readOnly: options.readOnly, timeout: busyTimeoutMs })
  }

  /** Why the last transaction with anything to write was not written; undefined once one is. */
  get failing(): LedgerFailure | undefined {
    return this.#failing
  }

  /** The first row, undefined if there is none. */
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#guarded(() => this.#prepare(sql).get(...values) as T | undefined)
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#guarded(() => this.#prepare(sql).all(...values) as T[])
  }

  /** Rows one by one. The statement must not run again before the iteration has ended. */
  *each<T>(sql: string, ...values: SQLInputValue[]): Generator<T> {
    for (const row of this.#guarded(() => this.#prepare(sql).iterate(...values))) yield row as T
  }

  /** How many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#prepare(sql).run(...values).changes))
  }

  /** Inserts a row and answers its number. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#prepare(sql).run(...values).lastInsertRowid))
  }

  exec(sql: string): void {
    this.#guarded(() => this.#database.exec(sql))
  }

  /** All of the body or, if it throws, nothing. Within another transaction it is a part of that. */
  transaction<T>(durability: Durability, body: () => T): T {
    if (this.#within) return this.#join(body)
    try {
      const before = this.#failing && this.#changes()
      const result = this.#outermost(durability, body)
      // A full disk takes a transaction that writes nothing.
      if (before !== undefined && this.#changes() > before) this.#failing = undefined
      return result
    } catch (error) {
      if (error instanceof LedgerFailure) this.#failing = error
      throw error
    }
  }

  #outermost<T>(durability: Durability, body: () => T): T {
    this.#setSynchronous(durability === 'durable' ? 'FULL' : 'NORMAL')
    this.exec('BEGIN IMMEDIATE')
    this.#within = true
    this.#failure = undefined
    try {
      const result = body()
      if (this.#failure !== undefined) throw (this.#failure as { readonly error: unknown }).error
      this.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    } finally {
      this.#within = false
    }
  }

  /** Rows changed since the connection was opened. */
  #changes(): number {
    return this.get<{ changes: number }>('SELECT total_changes() AS changes')?.changes ?? 0
  }

  #join<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }

  /** Gives some pages that are free back to the disk, if there are many. */
  shrink(): void {
    const free = this.get<{ freelist_count: number }>('PRAGMA freelist_count')?.freelist_count ?? 0
    if (free > freePagesKept) this.exec(`PRAGMA incremental_vacuum(${Math.min(free - freePagesKept, pagesGivenBack)})`)
  }

  close(): void {
    if (!this.#database.isOpen) return
    this.#statements.clear()
    this.#database.close()
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #setSynchronous(mode: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === mode) return
    this.exec(`PRAGMA synchronous=${mode}`)
    this.#synchronous = mode
  }

  /** SQLite rolls back by itself after some errors; after the others it waits to be told. */
  #rollBack(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }

  #guarded<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      throw inWords(error, this.path)
    }
  }
}

/** SQLite's primary result code, undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

export const resultCodes: { busy: 5; readOnly: 8; io: 10; corrupt: 11; full: 13; cannotOpen: 14; notADatabase: 26 } = {
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
}

const explanations: Readonly<Record<number, readonly [what: string, hint: string]>> = {
  [resultCodes.busy]: ['another process keeps it locked', 'end the process that has the ledger open'],
  [resultCodes.readOnly]: ['it is read-only', 'make the file and its directory writable for this user'],
  [resultCodes.io]: ['reading or writing the disk failed', 'check the disk and its free space'],
  [resultCodes.corrupt]: ['the file is damaged', 'keep it for evidence and restore the ledger from a backup'],
  [resultCodes.full]: ['the disk is full', 'free some space; the forwarder goes on by itself'],
  [resultCodes.cannotOpen]: ['it cannot be opened', 'check that the directory exists and belongs to this user'],
  [resultCodes.notADatabase]: ['it is not a database', 'check service.ledger.sqlite.path'],
}

function inWords(error: unknown, path: string): unknown {
  const code = resultCode(error)
  if (code === undefined) return error
  const detail = error instanceof Error ? error.message : String(error)
  const [what, hint] = explanations[code] ?? [detail, 'report this']
  return new LedgerFailure(`cannot use ledger ${path}: ${what} (${detail})`, {
    hint,
    full: code === resultCodes.full,
    cause: error,
  })
}
