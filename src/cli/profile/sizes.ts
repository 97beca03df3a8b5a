// What the same events weigh at each destination: encoded by the very exporters, before compression. Where the
// configuration has no exporter of a type, one is made with placeholder settings: encoding opens no connection.
import type { Encoded, ExporterModule, LogRecord } from '@circleci-audit-forwarder/contract'

/** Encodes for one destination type. */
export interface Scale {
  readonly type: string
  weigh(record: LogRecord): number
}

export interface Configured {
  readonly type: string
  readonly settings: unknown
}

const placeholders: Readonly<Record<string, string>> = {
  endpoint: 'https://destination.invalid',
  url: 'https://destination.invalid',
  token: '00000000-0000-0000-0000-000000000000',
  api_key: '00000000000000000000000000000000',
  path: 'audit.ndjson',
  region: 'us',
}

/** One scale per exporter type that can be made. */
export function scales(modules: readonly ExporterModule[], configured: readonly Configured[]): readonly Scale[] {
  return modules.flatMap((module) => {
    const given = configured.find(({ type }) => type === module.type)
    try {
      const exporter = module.create(given === undefined ? assumed(module) : given.settings)
      return { type: module.type, weigh: (record: LogRecord) => weight(exporter.encode(record)) }
    } catch {
      return []
    }
  })
}

function weight(encoded: Encoded): number {
  return encoded.bytes.byteLength
}

/** Placeholders for all settings that have one: some are not required by the schema, only by what it stands for. */
function assumed({ schema }: ExporterModule): unknown {
  const { shape = {} } = schema as { readonly shape?: object }
  return schema.parse(Object.fromEntries(Object.entries(placeholders).filter(([name]) => Object.hasOwn(shape, name))))
}
