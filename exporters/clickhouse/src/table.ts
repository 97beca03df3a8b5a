// What a server tells about a table, compared with what the layout needs. Pure.
import type { Finding } from '@circleci-audit-forwarder/contract'
import { type Column, DEDUPLICATION_WINDOW, type Layout } from './layout.ts'
import { identifier, qualified, type Target } from './sql.ts'

/** A column as system.columns has it. */
export interface Found {
  readonly name: string
  readonly type: string
  /** `DEFAULT`, `MATERIALIZED`, `ALIAS` or nothing. */
  readonly defaultKind: string
}

/** Whether the rows fit the columns. */
export function columnFinding(layout: Layout, target: Target, found: readonly Found[]): Finding {
  const what = `columns are those of ${layout.name}`
  const byName = new Map(found.map((column) => [column.name, column]))
  const missing = layout.columns.filter(({ name }) => !byName.has(name))
  const wrong = layout.columns.flatMap((column) => difference(column, byName.get(column.name)) ?? [])
  if (missing.length === 0 && wrong.length === 0)
    return { level: 'ok', what, detail: `${layout.columns.length} columns` }
  const lacks = missing.length === 0 ? [] : [`missing: ${missing.map(({ name }) => name).join(', ')}`]
  const adds = missing.map(({ name, type, rest = '' }) => `ADD COLUMN ${identifier(name)} ${`${type} ${rest}`.trim()}`)
  const next =
    missing.length === 0
      ? 'change the types, or create another table (command: schema clickhouse)'
      : `ALTER TABLE ${qualified(target)} ${adds.join(', ')}`
  return { level: 'error', what, detail: [...lacks, ...wrong].join('; '), next }
}

function difference({ name, type, computed }: Column, found: Found | undefined): string | undefined {
  if (found === undefined) return undefined
  if (essence(found.type) !== essence(type)) return `${name} is ${found.type}, not ${type}`
  return computed === true && found.defaultKind === '' ? `${name} has no default` : undefined
}

/** What a column takes, without how it is stored and shown. */
function essence(type: string): string {
  return type
    .replaceAll(/(?:LowCardinality|Nullable)\(([\w]+)\)/g, '$1')
    .replaceAll(/DateTime\('[^']*'\)/g, 'DateTime')
    .replaceAll(/(DateTime64\(\d), '[^']*'\)/g, '$1)')
    .replaceAll(/\s+/g, '')
}

/** A window so small is overrun by a few minutes of inserts. */
const SMALL = 100

/** Whether the table remembers tokens. `defaults`: the server's own values of table settings. */
export function windowFinding(
  target: Target,
  engine: string,
  full: string,
  defaults: ReadonlyMap<string, number>,
): Finding {
  const what = 'a repeated insert is stored once'
  if (!engine.endsWith('MergeTree')) return unlikeAnyMergeTree(what, engine)
  const replicated = /^(Replicated|Shared)/.test(engine)
  const name = replicated ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window'
  const window = Number(new RegExp(`\\b${name} = (\\d+)`).exec(full)?.[1] ?? defaults.get(name) ?? Number.NaN)
  const next = `ALTER TABLE ${qualified(target)} MODIFY SETTING ${name} = ${DEDUPLICATION_WINDOW}`
  if (Number.isNaN(window)) return { level: 'unknown', what, detail: `${name} cannot be read`, next }
  if (window === 0) return { level: 'error', what, detail: `${name} is 0: a lost answer can store rows twice`, next }
  const detail = `${name} is ${window}`
  if (window < SMALL) return { level: 'warning', what, detail: `${detail}: a handful of inserts`, next }
  return { level: 'ok', what, detail }
}

function unlikeAnyMergeTree(what: string, engine: string): Finding {
  if (engine === 'Distributed') {
    const detail = 'the table is Distributed: the tables behind it deduplicate, which cannot be seen from here'
    return { level: 'unknown', what, detail, next: 'check the local tables as well' }
  }
  const next = 'insert into a table of the MergeTree family (command: schema clickhouse)'
  return { level: 'error', what, detail: `engine ${engine} does not deduplicate`, next }
}

/** Versions below are not what this package is made for. */
const OLDEST = [23, 8] as const

/** Whether the server is one this package is made for. */
export function versionFinding(version: string, timezone: string): Finding {
  const what = 'server version'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  const detail = `${version}, time zone ${timezone}`
  if (!old) return { level: 'ok', what, detail }
  return { level: 'warning', what, detail: `${detail}: older than ${OLDEST.join('.')}`, next: 'update the server' }
}
