// `schema clickhouse`: the statement that creates the table. With a configuration, for every exporter of that type in it,
// as it names and lays out its table; without one, or to see another layout, for the defaults.
import { type ClickHouseSettings, ddlOf, layouts, module } from '@circleci-audit-forwarder/exporter-clickhouse'
import { SetupError } from '../domain/failures.ts'
import { load } from './load.ts'
import type { CommonOptions } from './options.ts'

export interface TableOptions extends CommonOptions {
  /** In place of what is configured. */
  readonly layout?: string | undefined
  /** Creates the table there, replicated. */
  readonly cluster?: string | undefined
  /** Types without LowCardinality. */
  readonly plainTypes: boolean
}

interface Table {
  /** The exporter's id. */
  readonly exporter: string
  readonly layout: string
  readonly ddl: string
}

/** Prints the statements, each ended by a semicolon, so that they can be piped into `clickhouse-client`. */
export async function schemaOfClickHouse(options: TableOptions): Promise<number> {
  const tables = (await settingsOf(options)).map(([exporter, settings]) => {
    return { exporter, layout: settings.layout, ddl: ddlOf(settings, options) }
  })
  process.stdout.write(options.json ? `${JSON.stringify(tables)}\n` : tables.map(written).join('\n'))
  return 0
}

function written({ exporter, ddl }: Table): string {
  return `-- ${exporter}\n${ddl};\n`
}

async function settingsOf(options: TableOptions): Promise<readonly (readonly [string, ClickHouseSettings])[]> {
  if (options.layout !== undefined) return [defaults(options.layout)]
  const { config } = await load(options)
  const configured = Object.entries(config.exporters).filter(([, { type }]) => type === module.type)
  if (configured.length === 0) return [defaults(layouts[0].name)]
  return configured.map(([id, { settings }]) => [id, settings as ClickHouseSettings])
}

function defaults(layout: string): readonly [string, ClickHouseSettings] {
  const names = layouts.map(({ name }) => name)
  if (!names.some((name) => name === layout)) {
    throw new SetupError(`--layout ${layout} is no layout`, { hint: `one of ${names.join(', ')}` })
  }
  return [module.type, module.schema.parse({ endpoint: 'http://localhost:8123', layout })]
}
