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

/** Settings with a placeholder for each one that the schema misses. Throws for a schema that wants something else. */
function assumed({ schema }: ExporterModule): unknown {
  const settings: Record<string, string> = {}
  for (let tries = 0; tries < 5; tries += 1) {
    const parsed = schema.safeParse(settings)
    if (parsed.success) return parsed.data
    for (const { path } of parsed.error.issues) {
      const name = String(path[0])
      const value = placeholders[name]
      if (value === undefined) throw new Error(`no placeholder for ${name}`)
      settings[name] = value
    }
  }
  throw new Error('no placeholders that fit')
}
