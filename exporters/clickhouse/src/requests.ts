// The requests, and the settings sent with every insert. None of them is left to the server's defaults or profiles: those
// change from version to version (async_insert became 1 in 26.3), and several would lose rows without a word.
import { type HttpAnswer, HttpClient, type HttpOptions } from '@circleci-audit-forwarder/contract'
import { listIn, QueryFailure } from './list.ts'
import { identifier, literal, qualified, type Target } from './sql.ts'

/** One block and one part per insert, stored when it is answered, once per token, and nothing overlooked. */
export const insertSettings: Readonly<Record<string, string>> = {
  // Stored when answered. Where the table is Distributed, in the tables behind it too.
  async_insert: '0',
  wait_for_async_insert: '1',
  insert_distributed_sync: '1',
  // Once per token, in the table and in what is fed from it.
  insert_deduplicate: '1',
  deduplicate_blocks_in_dependent_materialized_views: '1',
  materialized_views_ignore_errors: '0',
  // One block: limits above any batch, one thread.
  max_insert_threads: '1',
  max_insert_block_size: '1048449',
  min_insert_block_size_rows: '1048449',
  min_insert_block_size_bytes: '268435456',
  input_format_parallel_parsing: '0',
  max_partitions_per_insert_block: '100',
  throw_on_max_partitions_per_insert_block: '1',
  // A misspelt or missing column is an error; a bad row is one too.
  input_format_skip_unknown_fields: '0',
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: '0',
  input_format_null_as_default: '1',
  input_format_defaults_for_omitted_fields: '1',
  date_time_input_format: 'best_effort',
}

/** Settings that only newer servers know, and that would undo one of the above there. Sent where the server has them. */
const newerSettings: Readonly<Record<string, string>> = {
  // From 26.2 on in place of insert_deduplicate.
  deduplicate_insert: 'enable',
}

/** The status is sent when all is done, so that an exception has one of its own. */
const protocol: Readonly<Record<string, string>> = { wait_end_of_query: '1', send_progress_in_http_headers: '0' }

/** All of the answer or an error: a row that a profile leaves out would count as not stored, and go twice. */
const querySettings: Readonly<Record<string, string>> = {
  additional_table_filters: '{}',
  additional_result_filter: '',
  // One key of a map would be read as a column of its own, to which the right to read the map does not extend.
  optimize_functions_to_subcolumns: '0',
  // Not what was there before.
  use_query_cache: '0',
  // All shards.
  skip_unavailable_shards: '0',
  // Replicas answer with what a quorum has stored.
  select_sequential_consistency: '1',
  max_query_size: '1048576',
  limit: '0',
  offset: '0',
  timeout_overflow_mode: 'throw',
  read_overflow_mode: 'throw',
  read_overflow_mode_leaf: 'throw',
  result_overflow_mode: 'throw',
  distinct_overflow_mode: 'throw',
  set_overflow_mode: 'throw',
}

/** Names of parameters that an operator's own settings must not replace. */
export const reservedParameters: ReadonlySet<string> = new Set([
  ...Object.keys(insertSettings),
  ...Object.keys(newerSettings),
  ...Object.keys(protocol),
  ...Object.keys(querySettings),
  ...['insert_deduplication_token', 'log_comment', 'query', 'database', 'user', 'password', 'query_id', 'session_id'],
  ...['compress', 'decompress', 'default_format'],
])

/** Who asks, and where. */
export interface RequestOptions {
  readonly endpoint: string
  readonly target: Target
  /** Columns of an insert, in the rows' order. */
  readonly columns: readonly string[]
  readonly username: string
  readonly password: string | undefined
  readonly accessToken: string | undefined
  /** The operator's own settings for inserts. */
  readonly settings: Readonly<Record<string, string>>
  readonly http: HttpOptions
}

const ANSWER_BYTES = 2 * 1024 * 1024

/** Requests to one table. */
export class ClickHouseRequests {
  readonly #client: HttpClient
  readonly #options: RequestOptions
  readonly #insert: string
  #newer: Readonly<Record<string, string>> = {}

  /** Opens no connection. Throws SettingError for what cannot work. */
  constructor(options: RequestOptions, now?: () => number) {
    this.#options = options
    this.#client = new HttpClient(
      { ...options.http, headers: { ...options.http.headers, ...secretHeaders(options) } },
      now,
    )
    const columns = options.columns.map(identifier).join(', ')
    this.#insert = `INSERT INTO ${qualified(options.target)} (${columns}) FORMAT JSONEachRow`
  }

  get target(): Target {
    return this.#options.target
  }

  /** Inserts rows under a token. */
  insert(
    rows: readonly Uint8Array[],
    { token, queryId }: { readonly token: string; readonly queryId: string },
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const parameters = {
      ...this.#insertParameters(),
      query: this.#insert,
      query_id: queryId,
      insert_deduplication_token: token,
      log_comment: `circleci-audit-forwarder ${token.slice(0, 16)}`,
    }
    const headers = { ...this.#userHeader(), 'content-type': 'application/x-ndjson' }
    return this.#client.request({ method: 'POST', url: this.#url('/', parameters), headers, body: rows }, signal)
  }

  /** Runs a statement that brings no rows. With `asInsert` under the settings of an insert. */
  query(
    sql: string,
    signal: AbortSignal,
    { asInsert = false, queryId }: { readonly asInsert?: boolean; readonly queryId?: string | undefined } = {},
  ): Promise<HttpAnswer> {
    const parameters = {
      ...(asInsert
        ? this.#insertParameters()
        : { ...querySettings, ...protocol, default_format: 'JSONCompactEachRow' }),
      ...(queryId !== undefined && { query_id: queryId }),
    }
    const headers = { ...this.#userHeader(), 'content-type': 'text/plain; charset=utf-8' }
    const request = { method: 'POST', url: this.#url('/', parameters), headers, body: [Buffer.from(sql)] } as const
    return this.#client.request({ ...request, answerBytes: ANSWER_BYTES }, signal)
  }

  /** Finds out which newer settings the server knows, and sends them from then on. What it does not say is as before. */
  async learn(signal: AbortSignal): Promise<void> {
    const names = Object.keys(newerSettings).map(literal).join(', ')
    const answer = await this.query(`SELECT name FROM system.settings WHERE name IN (${names})`, signal)
    const known = knownIn(answer)
    if (known !== undefined)
      this.#newer = Object.fromEntries(Object.entries(newerSettings).filter(([name]) => known.has(name)))
  }

  /** Whether anyone is there: needs no right. */
  ping(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url: this.#url('/ping', {}), headers: {} }, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #insertParameters(): Readonly<Record<string, string>> {
    return { ...this.#options.settings, ...insertSettings, ...this.#newer, ...protocol }
  }

  /** Not with the client's own headers: those are taken for secrets, and a user's name stands in half of all messages. */
  #userHeader(): Readonly<Record<string, string>> {
    return this.#options.accessToken === undefined ? { 'x-clickhouse-user': this.#options.username } : {}
  }

  #url(path: string, parameters: Readonly<Record<string, string>>): string {
    const url = new URL(this.#options.endpoint)
    url.pathname = url.pathname.replace(/\/+$/, '') + path
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  }
}

/** Ways to say who one is must not be mixed. */
function secretHeaders({ password, accessToken }: RequestOptions): Readonly<Record<string, string>> {
  if (accessToken !== undefined) return { authorization: `Bearer ${accessToken}` }
  return password === undefined ? {} : { 'x-clickhouse-key': password }
}

function knownIn(answer: HttpAnswer): ReadonlySet<string> | undefined {
  try {
    return new Set(listIn(answer).map(([name]) => String(name)))
  } catch (error) {
    if (error instanceof QueryFailure) return undefined
    throw error
  }
}
