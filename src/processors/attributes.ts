// Constant attributes: tenant, environment, whatever a destination is to sort by. What the event says stays what it
// says: names that mapping fills are refused when the file is loaded, so that no configuration can put words into an
// actor's mouth. Other attributes of the same name (those of the receiver) are replaced.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { withAdded } from './added.ts'
import type { ProcessorModule, Transformer } from './processor.ts'
import { withResource } from './resource.ts'

const isSaidByEvent =
  /^(?:circleci\.audit|circleci_audit_forwarder|log\.record|log\.file|aws\.s3|user|client|geo|error|user_agent|http)(?:\.|$)/

const name = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\s\p{C}]+$/u, 'is no name of an attribute: it must not hold white space')
const value = z.union([z.string().max(4096), z.number(), z.boolean()])
const constants = z.record(name, value)

export const schema = z
  .strictObject({
    set: constants
      .refine((set) => !Object.keys(set).some((key) => isSaidByEvent.test(key) || key === '__proto__'), {
        error:
          'names an attribute that the event or the forwarder fills (circleci.audit.*, user.*, client.*, log.record.*, ...): choose another name',
      })
      .default({})
      .meta({ description: 'Attributes every record gets, e.g. `tenant: acme`. They replace those of the receiver.' }),
    resource: constants.default({}).meta({
      description:
        'Attributes the resource of every record gets, e.g. `deployment.environment.name: production`. They replace others of the same name, `service.name` too.',
    }),
  })
  .refine(({ set, resource }) => Object.keys(set).length + Object.keys(resource).length > 0, {
    error: 'give set, resource or both: with neither nothing changes',
  })

export type AttributesSettings = z.output<typeof schema>

/** Adds the constants to record and resource. */
export class ConstantAttributes implements Transformer {
  readonly kind = 'transformer'
  readonly name: string
  readonly #set: LogRecord['attributes']
  readonly #resource: AttributesSettings['resource'] | undefined

  constructor(name: string, { set, resource }: AttributesSettings) {
    this.name = name
    this.#set = { ...set }
    this.#resource = Object.keys(resource).length === 0 ? undefined : { ...resource }
  }

  transform(record: LogRecord): LogRecord {
    const added = withAdded(record, this.#set)
    if (this.#resource === undefined) return added
    const constants = this.#resource
    return { ...added, resource: withResource(record.resource, this, (all) => ({ ...all, ...constants })) }
  }
}

export const module: ProcessorModule<typeof schema> = {
  type: 'attributes',
  schema,
  create: (name, settings) => new ConstantAttributes(name, settings),
}
