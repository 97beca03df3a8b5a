// The one schema: types, validation, the reference, the JSON Schema and print-config all read it. What may stand under
// a component's id depends on the id's type, which no fixed object can say; so the schema is made for the ids of the
// file at hand. Rejected: a union over all types, whose errors name every type the component is not.
import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { typeOf } from '../domain/component.ts'
import { type ExporterConfig, exporterSchema } from './exporters.ts'
import { type ReceiverConfig, receivers } from './receivers.ts'
import { type ServiceConfig, service } from './service.ts'

/** What the configuration needs of a processor; the module has its `create` besides. */
export interface ProcessorModule {
  readonly type: string
  readonly schema: z.ZodType
}

/** The components this program is made with. */
export interface Components {
  readonly exporters: readonly ExporterModule[]
  readonly processors: readonly ProcessorModule[]
  /** Types of exporters whose success is only believed. */
  readonly unverified?: ReadonlySet<string>
  /** A plugin could not be loaded: a type that is not here may be its. */
  readonly incomplete?: boolean
}

export interface ProcessorConfig {
  readonly type: string
  readonly settings: unknown
}

/** A valid configuration. Keys are component ids; durations are milliseconds, sizes bytes; defaults are filled in. */
export interface Config {
  readonly receivers: Readonly<Record<string, ReceiverConfig>>
  readonly processors: Readonly<Record<string, ProcessorConfig>>
  readonly exporters: Readonly<Record<string, ExporterConfig>>
  readonly service: ServiceConfig
}

/** The sections that hold components, in the order in which events meet them. */
export const sections = ['receivers', 'processors', 'exporters'] as const
export type Section = (typeof sections)[number]

/** The schemas of one section by component type. */
export type SchemasByType = Readonly<Record<string, z.ZodType>>

export function schemasOf(section: Section, components: Components): SchemasByType {
  if (section === 'receivers') return receivers
  const modules = section === 'exporters' ? components.exporters : components.processors
  return Object.fromEntries(
    modules.map((module) => [
      module.type,
      section === 'exporters' ? exporterSchema(module as ExporterModule) : processorSchema(module),
    ]),
  )
}

function processorSchema(module: ProcessorModule): z.ZodType<ProcessorConfig> {
  return module.schema.transform((settings): ProcessorConfig => ({ type: module.type, settings }))
}

const descriptions: Readonly<Record<Section, string>> = {
  receivers: 'Where audit logs come from.',
  processors: 'What happens to records on their way. Optional.',
  exporters: 'Where records go.',
}

/** The schema of a file that has these components. Ids whose type does not exist are left out. */
export function configSchema(
  components: Components,
  ids: Readonly<Record<Section, readonly string[]>>,
): z.ZodType<Config> {
  const shape = (section: Section): z.ZodType => {
    const schemas = schemasOf(section, components)
    const known = ids[section].filter((id) => Object.hasOwn(schemas, typeOf(id)))
    const object = z.strictObject(Object.fromEntries(known.map((id) => [id, schemas[typeOf(id)]!])))
    return object.meta({ description: descriptions[section] })
  }
  return z.strictObject({
    receivers: shape('receivers'),
    processors: (shape('processors') as z.ZodObject).prefault({}),
    exporters: shape('exporters'),
    service: service.meta({ description: 'The forwarder itself.' }),
  }) as unknown as z.ZodType<Config>
}
