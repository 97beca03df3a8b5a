// What a request asks for, as ClickHouse's HTTP interface documents it (clickhouse.com/docs/interfaces/http): the query
// in the URL and data in the body, or both in the body; settings, the database and `param_*` in the URL.
import type { IncomingMessage } from 'node:http'
import * as zlib from 'node:zlib'

/** One request, read. */
export interface Statement {
  /** Query and data, as the engine takes them. */
  readonly sql: string
  readonly kind: 'insert' | 'query'
  /** Rows are in the request, after the query. */
  readonly hasData: boolean
  readonly database: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  readonly format: string
  readonly queryId: string | undefined
}

/** Parameters of the protocol itself; every other one is a setting. */
const RESERVED = new Set([
  ...['query', 'database', 'query_id', 'session_id', 'session_timeout', 'session_check', 'default_format', 'user'],
  ...['password', 'quota_key', 'role', 'compress', 'decompress', 'buffer_size', 'wait_end_of_query', 'stacktrace'],
  ...['enable_http_compression', 'http_headers_progress_interval_ms', 'send_progress_in_http_headers'],
  ...['client_protocol_version', 'http_zlib_compression_level', 'add_http_cors_header'],
])
const INSERT_WITH_DATA = /^\s*INSERT\s+INTO\b(?:(?!\bSELECT\b)[\s\S])*?\bFORMAT\s+\w+[ \t]*\r?\n?$/i
const HEAD = /^\s*INSERT\s+INTO\b(?:(?!\bSELECT\b)[\s\S])*?\bFORMAT\s+\w+[ \t]*(?:\r?\n|$)/i

/** The whole body, decompressed as its Content-Encoding says. Rejects with a RangeError for one nobody knows. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts)
  switch (request.headers['content-encoding']) {
    case undefined:
    case 'identity':
      return body
    case 'gzip':
      return zlib.gunzipSync(body)
    case 'zstd':
      return zlib.zstdDecompressSync(body)
    case 'br':
      return zlib.brotliDecompressSync(body)
    case 'deflate':
      return zlib.inflateSync(body)
    default:
      throw new RangeError(`Unknown compression method: ${request.headers['content-encoding']}`)
  }
}

/** Reads the request's address and body as one statement. */
export function statementOf(address: URL, body: Buffer): Statement {
  const parameters = address.searchParams
  const sql = joined(parameters.get('query'), body.toString('utf8'))
  const hasData = HEAD.test(sql)
  const others = [...parameters].filter(([name]) => !RESERVED.has(name))
  return {
    sql,
    kind: /^\s*INSERT\b/i.test(sql) ? 'insert' : 'query',
    hasData,
    database: parameters.get('database') ?? undefined,
    settings: Object.fromEntries(others.filter(([name]) => !name.startsWith('param_'))),
    params: Object.fromEntries(
      others.flatMap(([name, value]) => (name.startsWith('param_') ? [[name.slice(6), value]] : [])),
    ),
    format:
      /\bFORMAT\s+(\w+)\s*;?\s*$/i.exec(hasData ? '' : sql)?.[1] ?? parameters.get('default_format') ?? 'TabSeparated',
    queryId: parameters.get('query_id') ?? undefined,
  }
}

/** The query of the URL and the body are one text, a line break between a query that ends in its format and its rows. */
function joined(query: string | null, body: string): string {
  if (query === null) return body
  return INSERT_WITH_DATA.test(query) ? `${query.trimEnd()}\n${body}` : query + body
}
