// ClickHouse's own words for the conformance suite, whose server is not ClickHouse: an accepted insert, a refused row, and
// what a server answers to the questions of `check`.
import type { Arrived, Scripted, VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import type { Layout } from '../src/index.ts'

const own = { 'x-clickhouse-query-id': 'q-1', 'x-clickhouse-summary': '{"written_rows":"1"}' }

export function sqlOf(request: Arrived): string {
  return new URL(request.path, 'http://localhost').searchParams.get('query') ?? request.body.toString('utf8')
}

function isInsertOfRows(request: Arrived): boolean {
  return request.method === 'POST' && / FORMAT JSONEachRow$/.test(sqlOf(request))
}

/** The rows of an insert, parsed. */
export function rowsIn<T>(request: Arrived): readonly T[] {
  if (!isInsertOfRows(request)) return []
  const lines = request.body.toString('utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}

export function spoken(layout: Layout): (request: Arrived, scripted: Scripted) => VendorAnswer | undefined {
  return (request, scripted) => {
    if (scripted.kind === 'refuse record') {
      const body = `Code: 27. DB::Exception: Cannot parse input: expected '"' before: 'x': (while reading the value of key id): (at row ${scripted.index + 1})\n: While executing ParallelParsingBlockInputFormat. (CANNOT_PARSE_INPUT_ASSERTION_FAILED) (version 26.7.2.1)\n`
      return { status: 400, headers: { ...own, 'x-clickhouse-exception-code': '27' }, body }
    }
    if (scripted.kind !== 'accept') return undefined
    if (request.path.startsWith('/ping')) return { status: 200, body: 'Ok.\n' }
    const lists = answered(sqlOf(request), layout)
    return { status: 200, headers: own, body: lists.map((list) => `${JSON.stringify(list)}\n`).join('') }
  }
}

function answered(sql: string, { columns }: Layout): readonly (readonly unknown[])[] {
  if (sql.includes('version()')) return [['26.7.2.1', 'UTC', 'forwarder', 1]]
  if (sql.includes('system.tables')) {
    return [['ReplacingMergeTree', 'ReplacingMergeTree SETTINGS non_replicated_deduplication_window = 10000']]
  }
  if (!sql.includes('system.columns')) return []
  return columns.map(({ name, type, computed }) => [name, type, computed === true ? 'DEFAULT' : ''])
}
