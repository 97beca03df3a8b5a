// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// What no schema of one setting can say: settings that do not go together, and settings that do not fit the
// destination. Runs on those components that are valid by themselves, whatever is wrong with the others.
import path from 'node:path'
import {
  type Exporter,
  type ExporterModule,
  HttpClient,
  httpOptions,
  type SettingError,
  urlSecrets,
} from '@circleci-audit-forwarder/contract'
import type { z } from 'zod'
import { typeOf } from '../domain/component.ts'
import type { StartAt } from '../domain/start.ts'
import { checkCheckpoint } from './checkpoint-rules.ts'
import type { ConfigDocument } from './document.ts'
import { type ExporterConfig, noPredecessor } from './exporters.ts'
import type { Complaint, Path } from './problem.ts'
import { checkReceivers } from './receiver-rules.ts'
import type { Listen } from './scalars.ts'
import type { Components, Config } from './schema.ts'
import { isInSecretMapping, isSecret, isTellingName, leaves } from './shape.ts'
import { sizeText } from './texts.ts'

/** Everything that does not go together. `now` is milliseconds since 1970. */
export async function checkRules(config: Config, components: Components, now: number): Promise<readonly Complaint[]> {
  const exporters = Object.entries(config.exporters)
  const limits = await Promise.all(exporters.map(([id, exporter]) => checkExporter(id, exporter, components)))
  return [
    ...checkAddresses(config.service),
    ...Object.entries(config.receivers).flatMap(([id, { start_at }]) => checkStart(['receivers', id], start_at, now)),
    ...checkReceivers(Object.entries(config.receivers)),
    ...checkCheckpoint(config),
    ...exporters.flatMap(([id, { start_at }]) => checkStart(['exporters', id], start_at, now)),
    ...limits.flat(),
    ...(await checkNotify(config.service)),
    ...checkFiles(exporters),
    ...checkRenames(exporters),
    ...tellUnverified(exporters, components),
  ]
}

function checkAddresses({ admin, telemetry }: Config['service']): readonly Complaint[] {
  const complaints: Complaint[] = []
  if (!isLoopback(admin.endpoint) && admin.token === undefined) {
    complaints.push({
      level: 'error',
      path: ['service', 'admin', 'endpoint'],
      message: 'is reachable from other machines, and there is no `token`',
      hint: 'listen on 127.0.0.1, or set `token: "${env:ADMIN_TOKEN}"` beside it',
    })
  }
  const metrics = telemetry.metrics.endpoint
  if (metrics.port !== 0 && metrics.port === admin.endpoint.port && metrics.host === admin.endpoint.host) {
    complaints.push({
      level: 'error',
      path: ['service', 'telemetry', 'metrics', 'endpoint'],
      message: 'is the address of `service.admin.endpoint`',
      hint: 'give each its own port',
    })
  }
  return complaints
}

function isLoopback({ host }: Listen): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function checkStart(at: Path, start: StartAt | undefined, now: number): readonly Complaint[] {
  if (start?.from !== 'instant' || start.at <= now) return []
  return [
    { level: 'error', path: [...at, 'start_at'], message: 'lies in the future: nothing before it would ever be sent' },
  ]
}

async function checkExporter(
  id: string,
  config: ExporterConfig,
  components: Components,
): Promise<readonly Complaint[]> {
  const module = components.exporters.find(({ type }) => type === config.type)
  if (module === undefined) return []
  const exporter = create(id, config, module)
  if ('message' in exporter) return [exporter]
  const { limits } = exporter
  await exporter.close().catch(() => undefined)
  return [
    ...tooLarge(id, 'max_records', config.batch.max_records, limits.records, String(limits.records)),
    ...tooLarge(id, 'max_bytes', config.batch.max_bytes, limits.bytes, sizeText(limits.bytes)),
  ]
}

/** Makes the exporter to learn its limits, and whether it can be made: that opens no connection. */
function create(id: string, config: ExporterConfig, module: ExporterModule): Exporter | Complaint {
  try {
    return module.create(config.settings)
  } catch (error) {
    return refused(['exporters', id], error)
  }
}

/** Certificates, proxy and headers, as for the exporters. */
async function checkNotify({ notify }: Config['service']): Promise<readonly Complaint[]> {
  if (notify === undefined) return []
  try {
    await new HttpClient(httpOptions({ ...notify, compression: 'none' })).close()
    return []
  } catch (error) {
    return [refused(['service', 'notify'], error)]
  }
}

function refused(at: Path, error: unknown): Complaint {
  const setting = isSettingError(error) ? error.setting : undefined
  const reason = error instanceof Error ? error.message : String(error)
  const message = setting !== undefined && reason.startsWith(`${setting}: `) ? reason.slice(setting.length + 2) : reason
  return { level: 'error', path: [...at, ...(setting?.split('.') ?? [])], message }
}

/** A plugin may have a copy of the contract, and so a class, of its own. */
function isSettingError(error: unknown): error is SettingError {
  return (
    error instanceof Error && error.name === 'SettingError' && 'setting' in error && typeof error.setting === 'string'
  )
}

function tooLarge(id: string, setting: string, value: number, limit: number, text: string): readonly Complaint[] {
  if (value <= limit) return []
  const message = 'is more than the destination takes in one request'
  return [{ level: 'error', path: ['exporters', id, 'batch', setting], message, allowed: `at most ${text}` }]
}

/** Two writers of one file would tear each other's lines. */
function checkFiles(exporters: readonly (readonly [string, ExporterConfig])[]): readonly Complaint[] {
  const writers = new Map<string, string>()
  return exporters.flatMap(([id, { type, settings }]): readonly Complaint[] => {
    const file = type === 'file' ? (settings as { path?: unknown }).path : undefined
    if (typeof file !== 'string') return []
    const first = writers.get(path.resolve(file))
    if (first !== undefined) {
      return [
        {
          level: 'error',
          path: ['exporters', id, 'path'],
          message: `is the file that \`${first}\` writes`,
          hint: 'give each its own file',
        },
      ]
    }
    writers.set(path.resolve(file), id)
    return []
  })
}

/** What an exporter was called before must be of its type, gone, and nobody else's. */
function checkRenames(exporters: readonly (readonly [string, ExporterConfig])[]): readonly Complaint[] {
  const heirs = new Map<string, string>()
  return exporters.flatMap(([id, { renamed_from: before }]): readonly Complaint[] => {
    if (before === undefined || before === noPredecessor) return []
    const heir = heirs.get(before)
    heirs.set(before, id)
    const complaint = (message: string, hint: string): readonly Complaint[] => [
      { level: 'error', path: ['exporters', id, 'renamed_from'], message, hint },
    ]
    if (typeOf(before) !== typeOf(id)) {
      return complaint(
        `\`${before}\` is of another type than \`${id}\``,
        'a new name keeps the type; another type is another destination',
      )
    }
    if (exporters.some(([other]) => other === before)) {
      return complaint(
        `\`${before}\` is still defined, so it was not renamed`,
        'take one of the two out; what was renamed keeps its progress under the new name',
      )
    }
    if (heir === undefined) return []
    return complaint(`\`${heir}\` says the same`, 'one destination goes on as one: take it out of the other')
  })
}

/** Promise of delivery ends at such an exporter's word; whoever runs it should have been told. */
function tellUnverified(
  exporters: readonly (readonly [string, ExporterConfig])[],
  { unverified }: Components,
): readonly Complaint[] {
  return exporters
    .filter(([, { type }]) => unverified?.has(type))
    .map(([id]) => ({
      level: 'warning',
      path: ['exporters', id],
      key: true,
      message: 'is unverified: an OpenTelemetry exporter may call a partial success a success',
      hint: 'compare the counts in the destination with those of `status`',
    }))
}

/** Secrets that stand in the file itself, where everybody who may read the configuration can read them. */
export function checkInlineSecrets(value: unknown, schema: z.ZodType, document: ConfigDocument): readonly Complaint[] {
  return [...leaves(value)]
    .filter(({ path, value }) => typeof value === 'string' && value !== '' && document.origins(path) === undefined)
    .filter(({ path, value }) => holdsSecret(schema, path, value as string))
    .map(({ path }) => ({
      level: 'warning',
      path,
      message: 'holds a secret in the file itself',
      hint: 'write "${env:NAME}" or "${file:/path}"',
    }))
}

function holdsSecret(schema: z.ZodType, path: Path, value: string): boolean {
  return isSecret(schema, path) ? isCredential(schema, path, value) : urlSecrets(value).length > 0
}

/** A header or a proxy's URL may hold a credential; many hold none. */
function isCredential(schema: z.ZodType, path: Path, value: string): boolean {
  if (isInSecretMapping(schema, path)) return isTellingName(String(path.at(-1)))
  return !/^https?:\/\/[^@]*$/.test(value)
}
