// Where Datadog is. An organisation lives on one site, and its keys are worth nothing on the others. No site is the
// default: a body sent to the wrong one has left for another part of the world before anybody says 403.
import { SettingError } from '@circleci-audit-forwarder/contract'

/** Datadog's sites. Source: Datadog documentation, "Getting started with Datadog sites". */
export const sites = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
] as const

/** One of Datadog's sites, e.g. `datadoghq.eu`. */
export type DatadogSite = (typeof sites)[number]

/** Where to send and whom to ask. */
export interface Place {
  readonly site?: DatadogSite | undefined
  /** In place of the site's intake. */
  readonly endpoint?: string | undefined
  /** In place of `https://api.<site>`. */
  readonly apiEndpoint?: string | undefined
}

export interface DatadogUrls {
  readonly intake: string
  /** Undefined where nothing says which site the key belongs to. */
  readonly validate: string | undefined
}

const INTAKE_PATH = '/api/v2/logs'

/** Throws SettingError for a place that cannot work. */
export function datadogUrls({ site, endpoint, apiEndpoint }: Place): DatadogUrls {
  const intake = endpoint ?? (site && `https://http-intake.logs.${site}`)
  const api = apiEndpoint ?? (site && `https://api.${site}`)
  if (intake === undefined) throw new SettingError('site', 'must be set, or `endpoint` in its place')
  return { intake: intakeUrl(intake), validate: api && new URL('/api/v1/validate', api).href }
}

/** A path is taken as it is, for gateways put the intake anywhere. */
function intakeUrl(endpoint: string): string {
  if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint)) {
    throw new SettingError('endpoint', 'is no http or https URL')
  }
  const url = new URL(endpoint)
  if (url.search || url.username || url.password) {
    throw new SettingError('endpoint', 'must not carry credentials or a query: use `api_key` and `tags`')
  }
  return url.origin + (url.pathname === '/' ? INTAKE_PATH : url.pathname)
}
