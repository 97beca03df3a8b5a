// `service.plugins`: what the configuration can name depends on the packages that it names. So they are loaded between
// reading the file and checking it. A package that cannot be used is one problem among the others; what is said of an
// exporter whose type may have been its, is left out.
import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { isMapping } from './components.ts'
import { foldersFor, importPackage, PackageFailure } from './packages.ts'
import { pluginOf, type Refusal } from './plugin.ts'
import type { Complaint } from './problem.ts'
import type { Components } from './schema.ts'
import { type PluginConfig, plugin } from './service.ts'

/** The components with those of the plugins. */
export interface WithPlugins {
  readonly components: Components
  readonly complaints: readonly Complaint[]
}

/** Loads every plugin that a file's values name. Entries that are none are left to the schema. */
export async function loadPlugins(value: unknown, file: string, built: Components): Promise<WithPlugins> {
  const complaints: Complaint[] = []
  const exporters = [...built.exporters]
  const unverified = new Set<string>()
  for (const [index, entry] of entriesOf(value).entries()) {
    const parsed = plugin.safeParse(entry)
    if (!parsed.success) continue
    const loaded = await load(parsed.data, file)
    const refusal = 'module' in loaded ? clash(loaded.module, exporters, built, parsed.data) : loaded
    if ('module' in loaded && refusal === undefined) {
      exporters.push(loaded.module)
      if (loaded.unverified) unverified.add(loaded.module.type)
    }
    if (refusal !== undefined) {
      const message = `${parsed.data.package} ${refusal.message}`
      complaints.push({ level: 'error', path: ['service', 'plugins', index], ...refusal, message })
    }
  }
  const incomplete = complaints.length > 0
  return { components: { ...built, exporters, unverified, incomplete }, complaints }
}

function entriesOf(value: unknown): readonly unknown[] {
  const service = isMapping(value) ? value['service'] : undefined
  const entries = isMapping(service) ? service['plugins'] : undefined
  return Array.isArray(entries) ? entries : []
}

async function load(config: PluginConfig, file: string): Promise<ReturnType<typeof pluginOf>> {
  const folders = foldersFor(file)
  try {
    return pluginOf(config, await importPackage(config.package, folders))
  } catch (error) {
    if (!(error instanceof PackageFailure)) throw error
    return error.absent ? absent(config, folders) : broken(error)
  }
}

function absent({ package: name }: PluginConfig, folders: readonly string[]): Refusal {
  return {
    message: `is not installed: it is in no node_modules of ${folders.join(', of ')}, nor above`,
    hint: `run \`npm install ${name}\` where the forwarder is installed, or beside the configuration file`,
  }
}

function broken({ message }: PackageFailure): Refusal {
  return { message, hint: 'install what it asks for or a version that loads, or take the entry out' }
}

function clash(
  { type }: ExporterModule,
  exporters: readonly ExporterModule[],
  built: Components,
  config: PluginConfig,
): Refusal | undefined {
  if (!exporters.some((other) => other.type === type)) return undefined
  const whose = built.exporters.some((other) => other.type === type) ? 'the forwarder itself' : 'another plugin'
  const named = config.export === undefined ? '' : `, export: ${config.export}`
  return {
    message: `brings the exporter type \`${type}\`, which ${whose} has already`,
    hint: `give it another: \`{ package: "${config.package}"${named}, type: acme_${type} }\``,
  }
}
