// `service.plugins`: what the configuration can name depends on the packages that it names. So they are loaded between
// reading the file and checking it. A package that cannot be used is one problem among the others; what is said of an
// exporter whose type may have been its, is left out.
import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { isMapping } from './components.ts'
import { foldersFor, importPackage, PackageFailure } from './packages.ts'
import { type Plugin, pluginOf, type Refusal } from './plugin.ts'
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
  const plugins: Plugin[] = []
  const entries = entriesOf(value)
  for (const [index, entry] of entries.entries()) {
    const config = plugin.safeParse(entry).data
    if (config === undefined) continue
    const loaded = await load(config, file)
    const refusal = 'module' in loaded ? clash(loaded.module, config, built, plugins) : loaded
    if (refusal !== undefined) complaints.push(complaintOf(config, index, refusal))
    else if ('module' in loaded) plugins.push(loaded)
  }
  return { components: joined(built, plugins, entries.length), complaints }
}

function joined(built: Components, plugins: readonly Plugin[], asked: number): Components {
  const exporters = [...built.exporters, ...plugins.map(({ module }) => module)]
  const unverified = new Set(plugins.filter(({ unverified }) => unverified).map(({ module }) => module.type))
  return { ...built, exporters, unverified, incomplete: plugins.length < asked }
}

function complaintOf(config: PluginConfig, index: number, refusal: Refusal): Complaint {
  const message = `${config.package} ${refusal.message}`
  return { level: 'error', path: ['service', 'plugins', index], ...refusal, message }
}

function entriesOf(value: unknown): readonly unknown[] {
  const service = isMapping(value) ? value['service'] : undefined
  const entries = isMapping(service) ? service['plugins'] : undefined
  return Array.isArray(entries) ? entries : []
}

async function load(config: PluginConfig, file: string): Promise<Plugin | Refusal> {
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
  config: PluginConfig,
  built: Components,
  plugins: readonly Plugin[],
): Refusal | undefined {
  const isBuilt = built.exporters.some((other) => other.type === type)
  if (!isBuilt && !plugins.some(({ module }) => module.type === type)) return undefined
  const named = config.export === undefined ? '' : `, export: ${config.export}`
  return {
    message: `brings the exporter type \`${type}\`, which ${isBuilt ? 'the forwarder itself' : 'another plugin'} has already`,
    hint: `give it another: \`{ package: "${config.package}"${named}, type: acme_${type} }\``,
  }
}
