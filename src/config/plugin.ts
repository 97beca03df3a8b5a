// What an npm package offers, as an exporter of this program: a module of the contract as it is, or an OpenTelemetry
// exporter's class behind the adapter. Everything a package can get wrong is found here and said in words, so that
// nothing behind this file meets half a module.
import {
  CONTRACT_VERSION,
  duration,
  type Exporter,
  type ExporterModule,
  fromLogRecordExporter,
  type OtelLogRecordExporter,
  SettingError,
} from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { exporterSchema, laneSettings } from './exporters.ts'
import type { PluginConfig } from './service.ts'

/** What is wrong with a plugin, and what to do. */
export interface Refusal {
  readonly message: string
  readonly hint: string
  readonly allowed?: string
}

/** A plugin's exporter, ready for the registry. */
export interface Plugin {
  readonly module: ExporterModule
  /** Its success is believed: see `fromLogRecordExporter`. */
  readonly unverified: boolean
}

const typePattern = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/

/** The exporter that a package's exports hold, or why it cannot be used. */
export function pluginOf(config: PluginConfig, exported: Readonly<Record<string, unknown>>): Plugin | Refusal {
  const name = config.export ?? 'module'
  const found = exported[name] ?? fromCommonJs(exported, name)
  if (found === undefined) return noSuchExport(name, exported)
  if (typeof found === 'function') return official(config, name, found)
  const refusal = refusalOf(found, name)
  if (refusal !== undefined) return refusal
  const module = found as ExporterModule
  return { module: config.type === undefined ? module : renamed(module, config.type), unverified: false }
}

/** `module.exports = { ... }`, of which Node did not see the names. */
function fromCommonJs(exported: Readonly<Record<string, unknown>>, name: string): unknown {
  const all = exported['default']
  return typeof all === 'object' && all !== null ? (all as Record<string, unknown>)[name] : undefined
}

function noSuchExport(name: string, exported: Readonly<Record<string, unknown>>): Refusal {
  const names = Object.keys(exported).toSorted()
  const official = names.find((other) => /LogRecordExporter$|LogExporter$/.test(other))
  const example = `{ package: ..., export: ${official ?? 'AcmeLogExporter'}, type: acme }`
  return {
    message: `exports no \`${name}\``,
    ...(names.length > 0 && { allowed: names.slice(0, 20).join(', ') }),
    hint: `name its export; an OpenTelemetry LogRecordExporter is written \`${example}\``,
  }
}

function renamed(module: ExporterModule, type: string): ExporterModule {
  const { contract, schema, defaults } = module
  const create = (settings: unknown): Exporter => module.create(settings)
  return { type, schema, defaults, create, ...(contract !== undefined && { contract }) }
}

const update = 'install a version of the package that is made for this forwarder, or take the entry out'

function refusalOf(found: unknown, name: string): Refusal | undefined {
  const module = (typeof found === 'object' && found !== null ? found : {}) as Partial<ExporterModule>
  const { contract, type } = module as { contract?: unknown; type?: unknown }
  const hint = update
  if (contract === undefined && type === undefined) return { message: `\`${name}\` of it is no exporter module`, hint }
  if (contract === undefined) {
    const message = `\`${name}\` of it does not say which version of the contract it is made for`
    return { message, hint: `its author writes \`contract: ${CONTRACT_VERSION}\` into the module` }
  }
  if (contract !== CONTRACT_VERSION) return otherVersion(contract)
  if (typeof type !== 'string' || !typePattern.test(type)) {
    return { message: `\`${name}\` of it has no usable \`type\`: letters, digits and _`, hint }
  }
  const lacks = lacking(module)
  if (lacks !== undefined) return { message: `\`${name}\` of it ${lacks}`, hint }
  return undefined
}

function otherVersion(contract: unknown): Refusal {
  const newer = typeof contract === 'number' && contract > CONTRACT_VERSION
  return {
    message: `is made for version ${JSON.stringify(contract)} of the contract, this forwarder has version ${CONTRACT_VERSION}`,
    hint: newer ? 'run a newer forwarder, or install an older version of the package' : update,
  }
}

function lacking(module: Partial<ExporterModule>): string | undefined {
  if (typeof module.create !== 'function') return 'has no function `create`'
  if (!areDefaults(module.defaults))
    return 'has no usable `defaults`: records, bytes, lingerMs, concurrency { min, max }'
  if (!(module.schema instanceof z.ZodObject)) return 'has no usable `schema`: it must be an object of zod 4'
  const taken = laneSettings.filter((name) => Object.hasOwn((module.schema as z.ZodObject).shape, name))
  if (taken.length > 0) return `has a setting of its own called ${taken.join(', ')}, which belongs to the forwarder`
  try {
    exporterSchema(module as ExporterModule).safeParse({})
    return undefined
  } catch (error) {
    return `has no usable \`schema\`: ${error instanceof Error ? error.message : String(error)}`
  }
}

function areDefaults(defaults: ExporterModule['defaults'] | undefined): boolean {
  const { records, bytes, lingerMs, concurrency } = defaults ?? {}
  const counts = [records, bytes, concurrency?.min, concurrency?.max]
  return counts.every((count) => Number.isInteger(count) && Number(count) > 0) && Number(lingerMs) >= 0
}

const officialSchema = z.strictObject({
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description: "What the exporter's constructor is given. Treated as secrets.", secret: true }),
  timeout: duration
    .prefault('30s')
    .meta({ description: "Time for one export. Longer than the exporter's own, which retries within it." }),
})

type Construct = new (options: unknown) => OtelLogRecordExporter

/** One export at a time is what OpenTelemetry asks of callers. */
const officialDefaults = { records: 512, bytes: 4 * 1024 * 1024, lingerMs: 1_000, concurrency: { min: 1, max: 1 } }

function official({ package: name, type }: PluginConfig, exported: string, construct: unknown): Plugin | Refusal {
  if (type === undefined) {
    const message = `\`${exported}\` of it is an OpenTelemetry exporter, which has no type of its own`
    return { message, hint: 'name one beside it: `type: acme`' }
  }
  const label = `${exported} of ${name}`
  const create = (settings: z.output<typeof officialSchema>): Exporter => {
    const limits = { records: officialDefaults.records, bytes: officialDefaults.bytes }
    const exporter = constructed(construct as Construct, settings.options, label)
    return fromLogRecordExporter(exporter, { name: label, timeoutMs: settings.timeout, limits })
  }
  const module = { type, schema: officialSchema, defaults: officialDefaults, create }
  return { module: module as unknown as ExporterModule, unverified: true }
}

function constructed(construct: Construct, options: unknown, label: string): OtelLogRecordExporter {
  let exporter: OtelLogRecordExporter
  try {
    exporter = Reflect.construct(construct, [options]) as OtelLogRecordExporter
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SettingError('options', `${label} cannot be made with these options: ${reason}`, { cause })
  }
  const missing = (['export', 'shutdown'] as const).filter((method) => typeof exporter[method] !== 'function')
  if (missing.length === 0) return exporter
  throw new SettingError('options', `${label} is no LogRecordExporter: it has no ${missing.join(' and no ')}`)
}
