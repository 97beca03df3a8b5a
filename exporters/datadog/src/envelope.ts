// What Datadog reads at the root of a log to file it: ddtags, ddsource, service, hostname. Nearly every record says what
// the one before it said, so the last answer is kept. Resources are few, shared and slow to read: each is read once.
import { jsonText, type LogRecord } from '@circleci-audit-forwarder/contract'
import { tagList } from './tags.ts'
import { text } from './text.ts'

/** What the operator says of all logs; each wins over what the record says. */
export interface EnvelopeSettings {
  readonly service?: string | undefined
  readonly source?: string | undefined
  readonly hostname?: string | undefined
  readonly tags?: readonly string[] | undefined
}

interface Envelope {
  readonly settings: EnvelopeSettings
  readonly audit: boolean
  readonly service: string | undefined
  readonly host: string | undefined
  readonly environment: string | undefined
  readonly version: string | undefined
  readonly organization: string | undefined
}

/** The rest of `ddtags` (`…"`) and, after it, source, service and hostname as members of an object. */
export function envelope(record: LogRecord, audit: boolean, settings: EnvelopeSettings): string {
  const { attributes } = record
  const resource = resourceSays(record)
  const organization = audit ? organizationName(record) : undefined
  return envelopeJson({
    settings,
    audit,
    service: settings.service ?? resource.service,
    host: settings.hostname ?? text(attributes['host.name']) ?? resource.host ?? organization,
    environment: text(attributes['deployment.environment.name']) ?? resource.environment,
    version: audit ? undefined : resource.version,
    organization,
  })
}

let last: { readonly envelope: Envelope; readonly json: string } | undefined

function envelopeJson(envelope: Envelope): string {
  if (last === undefined || !isSame(last.envelope, envelope)) last = { envelope, json: written(envelope) }
  return last.json
}

function written({ settings, audit, service, host, environment, version, organization }: Envelope): string {
  const tags = tagList(settings.tags ?? [], { env: environment, version, org: organization })
  const source = settings.source ?? (audit ? 'circleci' : 'opentelemetry')
  const members = jsonText({ ddsource: source, service, hostname: host }).slice(1, -1)
  return `${tags}",${members}`
}

function isSame(one: Envelope, other: Envelope): boolean {
  return (
    one.settings === other.settings &&
    one.audit === other.audit &&
    one.service === other.service &&
    one.host === other.host &&
    one.environment === other.environment &&
    one.version === other.version &&
    one.organization === other.organization
  )
}

/** The organisation an event belongs to, by name: organization, else scope, else account. */
function organizationName({ attributes }: LogRecord): string | undefined {
  return (
    text(attributes['circleci.audit.organization.name']) ??
    text(attributes['circleci.audit.scope.name']) ??
    text(attributes['circleci.audit.account.name'])
  )
}

interface ResourceSays {
  readonly service: string | undefined
  readonly host: string | undefined
  readonly environment: string | undefined
  readonly version: string | undefined
  /** The whole of it as JSON. */
  readonly json: string
}

const resources = new WeakMap<object, ResourceSays>()

export function resourceSays({ resource }: LogRecord): ResourceSays {
  const known = resources.get(resource)
  if (known) return known
  const { attributes } = resource
  const says = {
    service: text(attributes['service.name']),
    host: text(attributes['host.name']),
    environment: text(attributes['deployment.environment.name']) ?? text(attributes['deployment.environment']),
    version: text(attributes['service.version']),
    json: jsonText(attributes),
  }
  if (!resource.asyncAttributesPending) resources.set(resource, says)
  return says
}
