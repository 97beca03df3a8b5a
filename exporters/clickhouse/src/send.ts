// One batch is one insert. ClickHouse deduplicates by token, so a batch whose answer was lost can be repeated; two things
// stand against trusting that alone. A server remembers tokens for a while only, so the caller asks `stored` before it
// repeats a batch. And a plain MergeTree table writes the token down before the rows: killed in between, it remembers a
// token whose rows it never had, and answers the repetition with 200. So after a repetition the table is looked at, and
// what is missing goes again under a token derived from the first. (In replicated tables both are one commit in Keeper,
// and a replica that lags would be taken for one that lost the rows; there the answer is believed.)
import type {
  Batch,
  Exporter,
  Finding,
  Held,
  HttpOptions,
  LogRecord,
  Outcome,
} from '@circleci-audit-forwarder/contract'
import { insertOutcome } from './answer.ts'
import { checkTable, checkWindow } from './check.ts'
import { againOf, ask, type Holdings, holdingsOf, queryIdOf, Unaskable } from './holdings.ts'
import type { Constants, Layout, Row } from './layout.ts'
import { keyOf } from './lookup.ts'
import { ClickHouseRequests } from './requests.ts'
import { literal, type Target } from './sql.ts'

/** Where the table is, how it is laid out, and who writes to it. */
export interface ClickHouseOptions {
  /** `https://host:8443`; a path is kept. */
  readonly endpoint: string
  readonly target: Target
  readonly layout: Layout
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** In place of user and password (ClickHouse Cloud). */
  readonly accessToken?: string | undefined
  readonly constants?: Partial<Constants> | undefined
  /** Further settings of each insert, by name. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  readonly http?: HttpOptions | undefined
}

/** An insert's rows, in bytes. */
export const BATCH_BYTES_MAX = 8_000_000

/** Batches that may have been stored, so many at most; of the oldest the answer is then believed. */
const DOUBTS_MAX = 1000
const LOOK_EVERY_MS = 24 * 60 * 60_000

/**
 * Inserts into one table. `stored` tells which rows it holds, and rejects with an Error where it cannot be asked. Besides
 * that only the constructor throws (SettingError).
 */
export class ClickHouseExporter implements Exporter {
  /**
   * Bytes before compression. ClickHouse has no limit of its own: these keep an insert one block, small enough that neither
   * side holds much of it in memory. An event of 4 MiB can be a row of more (its text, and its payload once more, with every
   * quote escaped); such a row is a block of its own.
   */
  readonly limits = { records: 50_000, bytes: BATCH_BYTES_MAX, recordBytes: 64 * 1024 * 1024 }
  readonly encodingKey: string
  readonly #requests: ClickHouseRequests
  readonly #options: ClickHouseOptions
  readonly #encode: (record: LogRecord) => Row
  readonly #holdings: Holdings
  /** Tokens of batches that were sent and may have been stored. */
  readonly #doubts = new Set<string>()
  /** When to look at the server's settings and the table's window, in milliseconds since 1970. */
  #nextLook = 0

  /** Opens no connection. Throws SettingError for options that cannot work. */
  constructor(options: ClickHouseOptions) {
    const { endpoint, target, layout, username = 'default', password, accessToken, settings = {}, http = {} } = options
    const columns = layout.columns.filter(({ computed }) => computed !== true).map(({ name }) => name)
    this.#options = options
    const constants = { workspaceId: '', sourceId: 'circleci', retentionDays: 0, ...options.constants }
    this.encodingKey = `clickhouse ${layout.name} ${JSON.stringify(constants)}`
    this.#encode = layout.encoder(constants)
    this.#requests = new ClickHouseRequests({
      endpoint,
      target,
      columns,
      username,
      password,
      accessToken,
      settings,
      http,
    })
    this.#holdings = { requests: this.#requests, layout, username }
  }

  encode(record: LogRecord): Row {
    return this.#encode(record)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const rows = batch.members as readonly Row[]
    const outcome = await this.#insert(rows, batch.token, signal)
    if (outcome.status === 'retry' && outcome.ambiguous === true) this.#doubt(batch.token)
    if (outcome.status !== 'delivered') return outcome
    if (!this.#doubts.has(batch.token)) return this.#delivered(batch.now, signal)
    const proven = await this.#prove(batch, signal)
    if (proven.status !== 'delivered') return proven
    this.#doubts.delete(batch.token)
    return this.#delivered(batch.now, signal)
  }

  /**
   * With the first success, and with one each day, an operator hears of a table that does not deduplicate. (Not before
   * the first: what stands in the way of an insert is to be seen as what it is.)
   */
  async #delivered(now: number, signal: AbortSignal): Promise<Outcome> {
    if (now < this.#nextLook) return { status: 'delivered' }
    this.#nextLook = now + LOOK_EVERY_MS
    await this.#requests.learn(signal)
    const finding = await checkWindow(this.#requests, signal)
    if (finding === undefined || finding.level === 'ok' || finding.level === 'unknown') return { status: 'delivered' }
    const notice = `${this.#options.target.table}: ${finding.detail}; ${finding.next}`
    const remarked = { status: 'delivered', notice } as const
    return remarked
  }

  async stored(batch: Batch, signal: AbortSignal): Promise<Held> {
    this.#doubt(batch.token)
    const rows = batch.members as readonly Row[]
    try {
      const there = await holdingsOf(rows, batch.token, this.#holdings, signal)
      return rows.flatMap((row, index) => (there.has(keyOf(row)) ? [index] : []))
    } catch (error) {
      if (error instanceof Unaskable) return error.stopped
      throw error
    }
  }

  check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { layout, constants, http, endpoint, username = 'default' } = this.#options
    const retentionDays = constants?.retentionDays ?? 0
    const insecure = http?.tls?.insecureSkipVerify === true
    return checkTable(this.#requests, { layout, retentionDays, insecure, endpoint, username }, signal)
  }

  close(): Promise<void> {
    return this.#requests.close()
  }

  /** `under`: whose query id it bears. */
  async #insert(rows: readonly Row[], token: string, signal: AbortSignal, under = token): Promise<Outcome> {
    const bodies = rows.map(({ bytes }) => bytes)
    const answer = await this.#requests.insert(bodies, { token, queryId: queryIdOf(under) }, signal)
    return insertOutcome(answer, rows.length)
  }

  /** A repeated batch was answered with success: whether the rows are there, and what is missing again. */
  async #prove({ members, token, now }: Batch, signal: AbortSignal): Promise<Outcome> {
    try {
      if (await this.#believes(signal)) return { status: 'delivered' }
      const again = againOf(token)
      // The second token may have met the same fate in an earlier round; the third was never used.
      for (const next of [again, `${token}-${now}`]) {
        const there = await holdingsOf(members as readonly Row[], token, this.#holdings, signal)
        const missing = (members as readonly Row[]).filter((row) => !there.has(keyOf(row)))
        if (missing.length === 0) break
        const outcome = await this.#insert(missing, next, signal, again)
        if (outcome.status !== 'delivered') return asWhole(outcome)
      }
      return { status: 'delivered' }
    } catch (error) {
      if (error instanceof Unaskable) return error.stopped
      return { status: 'retry', ambiguous: true, reason: error instanceof Error ? error.message : String(error) }
    }
  }

  /**
   * Whether a token that the table remembers stands for rows it has: so in replicas. Not in a table that is none, nor in
   * a Distributed one, of which nobody knows what lies under it.
   */
  async #believes(signal: AbortSignal): Promise<boolean> {
    const { database, table } = this.#options.target
    const where = `database = ${literal(database)} AND name = ${literal(table)}`
    const [found] = await ask(`SELECT engine FROM system.tables WHERE ${where}`, this.#holdings, signal)
    return found !== undefined && /^(Replicated|Shared)\w*MergeTree$/.test(String(found[0]))
  }

  #doubt(token: string): void {
    const [oldest] = this.#doubts
    if (this.#doubts.size >= DOUBTS_MAX && oldest !== undefined) this.#doubts.delete(oldest)
    this.#doubts.add(token)
  }
}

/** What is said of some of the rows cannot be passed on by their indexes: the batch as a whole is tried again. */
function asWhole(outcome: Outcome): Outcome {
  if (outcome.status === 'stopped') return outcome
  const reason = 'reason' in outcome ? outcome.reason : 'rows that were missing were refused'
  return { status: 'retry', ambiguous: true, reason }
}
