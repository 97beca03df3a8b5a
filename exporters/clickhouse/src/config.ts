import {
  duration,
  type ExporterModule,
  endpoint,
  httpOptions,
  httpSettings,
  SettingError,
  secret,
} from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { layoutOf, layouts } from './layouts.ts'
import { reservedParameters } from './requests.ts'
import { BATCH_BYTES_MAX, ClickHouseExporter } from './send.ts'

/** Of parameters in the endpoint, which stand where each request's own ones do. */
const WHY = 'delivery depends on it, or it has a setting of its own, and endpoints are shown'

const name = z.string().min(1).max(200)

/** Settings of the `clickhouse` exporter. */
export const schema = z.strictObject({
  ...httpSettings,
  endpoint: endpoint
    .refine((url) => !parametersOf(url).some((key) => reservedParameters.has(key)), {
      error: ({ input }) => `must not have the parameter ${reserved(parametersOf(String(input)))}: ${WHY}`,
    })
    .meta({
      description: 'HTTP interface of the server, e.g. https://clickhouse.acme.dev:8443. A path is kept, for proxies.',
    }),
  database: name.default('default').meta({ description: 'Database of the table.' }),
  table: name.optional().meta({ description: 'Table to insert into. Default: the name of the layout.' }),
  layout: z
    .enum(layouts.map((layout) => layout.name) as [string, ...string[]])
    .default(layouts[0].name)
    .meta({
      description:
        'Columns of the table. circleci_audit_logs: 53 columns made for audit events. otel_logs: the table of the OpenTelemetry Collector.',
    }),
  username: name.default('default').meta({ description: 'User to insert as.' }),
  password: secret.optional().meta({ description: "The user's password. Without it, none is sent.", secret: true }),
  access_token: secret
    .optional()
    .meta({ description: 'Token in place of user and password (ClickHouse Cloud).', secret: true }),
  workspace_id: z
    .string()
    .max(200)
    .default('')
    .meta({ description: 'Column workspaceID: your tenant, if you have several.' }),
  source_id: z.string().max(200).default('circleci').meta({
    description:
      'Column sourceID. The same for every way the same events may come, or copies of an event are not merged.',
  }),
  retention_days: z.int().min(1).max(3650).optional().meta({
    description:
      'Days after which rows may go (column sourceTTL; with it the DDL has a TTL). Without it nothing is ever deleted.',
  }),
  timeout: duration
    .prefault('2m')
    .meta({ description: 'Time for one attempt. A service that idles takes long to wake up.' }),
  settings: z
    .record(
      z.string().regex(/^[a-z]\w*$/i, 'is no name of a setting'),
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
    )
    .default({})
    .refine((settings) => !Object.keys(settings).some((key) => reservedParameters.has(key)), {
      error: ({ input }) => `must not set ${reserved(Object.keys(input as object))}: delivery depends on it`,
    })
    .meta({ description: 'Further settings of each insert, e.g. insert_quorum: auto.' }),
})

function reserved(names: readonly string[]): string {
  return names.filter((name) => reservedParameters.has(name)).join(', ')
}

function parametersOf(url: string): readonly string[] {
  return URL.canParse(url) ? [...new URL(url).searchParams.keys()] : []
}

/** Settings of the `clickhouse` exporter, parsed. */
export type ClickHouseSettings = z.output<typeof schema>

/** `clickhouse` for the forwarder's registry: its settings, its lane's defaults, and how it is made. */
export const module: ExporterModule<typeof schema> = {
  type: 'clickhouse',
  schema,
  // Few and large: each insert is a part that the server must merge.
  defaults: { records: 10_000, bytes: BATCH_BYTES_MAX, lingerMs: 5_000, concurrency: { min: 1, max: 2 } },
  create(settings) {
    if (settings.access_token !== undefined && settings.password !== undefined) {
      throw new SettingError(
        'access_token',
        'stands in place of username and password: ClickHouse refuses both at once',
      )
    }
    const layout = layoutOf(settings.layout)
    return new ClickHouseExporter({
      endpoint: settings.endpoint,
      target: { database: settings.database, table: settings.table ?? layout.table },
      layout,
      username: settings.username,
      password: settings.password,
      accessToken: settings.access_token,
      constants: {
        workspaceId: settings.workspace_id,
        sourceId: settings.source_id,
        retentionDays: settings.retention_days ?? 0,
      },
      settings: settings.settings,
      http: httpOptions(settings),
    })
  },
}

/** The statement that creates the table these settings name; `cluster` creates it there, with the replicated engine. */
export function ddlOf(
  settings: Pick<ClickHouseSettings, 'database' | 'table' | 'layout' | 'retention_days'>,
  options: { readonly cluster?: string | undefined; readonly plainTypes?: boolean | undefined } = {},
): string {
  const layout = layoutOf(settings.layout)
  const target = { database: settings.database, table: settings.table ?? layout.table }
  return layout.ddl(target, { ...options, retentionDays: settings.retention_days })
}
