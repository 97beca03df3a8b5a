// Where Rapid7 is, by region. The token is the last part of the webhook's path, so that URL is a secret and is shown
// nowhere; which is also why an endpoint that holds a GUID is refused: endpoints are shown.
import { SettingError } from '@circleci-audit-forwarder/contract'

export const GUID: RegExp = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
export const REGION: RegExp = /^[a-z]{2,4}\d{0,2}$/

const guidAnywhere = /[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/i
const route = '/v1/noformat/'

/** The webhook of one token. */
export interface Webhook {
  /** With the token: to be requested, never to be shown. */
  readonly url: string
  /** What can be asked without a token. */
  readonly root: string
}

/** Throws SettingError where token, region or endpoint cannot work. */
export function webhookOf(token: string, region: string | undefined, endpoint: string | undefined): Webhook {
  if (!GUID.test(token)) throw new SettingError('token', "is no GUID: copy it from the last part of the webhook's URL")
  if (region !== undefined && !REGION.test(region))
    throw new SettingError('region', 'is no region code such as eu or us2')
  const base = endpoint === undefined ? hostOf(region) : baseOf(endpoint)
  return { url: `${base}${route}${token}`, root: `${base}/` }
}

function hostOf(region: string | undefined): string {
  if (region !== undefined) return `https://${region}.webhook.logs.insight.rapid7.com`
  const why = 'is missing: every region has a host of its own, and a wrong one loses events without an error'
  throw new SettingError('region', `${why}; take it from the address of your Rapid7 pages`)
}

function baseOf(endpoint: string): string {
  if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint)) {
    throw new SettingError('endpoint', 'is no http or https URL')
  }
  const { origin, pathname, search, username, password } = new URL(endpoint)
  if (guidAnywhere.test(endpoint)) {
    throw new SettingError(
      'endpoint',
      'must not carry the token: put it into token, and end the endpoint before /v1/noformat',
    )
  }
  if (search || username || password) throw new SettingError('endpoint', 'must not carry credentials or a query')
  return origin + pathname.replace(/\/+$/, '').replace(/\/v1\/noformat$/, '')
}

/** Where an account's logs can be asked for. Only `check` and `readBack` do. */
export interface ApiUrls {
  /** Says whether a key is good. */
  readonly validate: string
  /** Lists the account's logs with their tokens. */
  readonly logs: string
  /** Searches the log whose id follows. */
  readonly query: string
}

/** The APIs call Japan `ap`; its log hosts are called `jp` as well. */
export function apiOf(region: string): ApiUrls {
  const code = region === 'jp' ? 'ap' : region
  return {
    validate: `https://${code}.api.insight.rapid7.com/validate`,
    logs: `https://${code}.rest.logs.insight.rapid7.com/management/logs`,
    query: `https://${code}.rest.logs.insight.rapid7.com/query/logs`,
  }
}
