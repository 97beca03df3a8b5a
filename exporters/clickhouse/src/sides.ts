// The two ends of a connection, ten columns each. What is known of the client comes from CircleCI and the geoip
// processor; CircleCI does not say what was reached, but another source may (`destination.*`).
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { Others } from './attributes.ts'
import type { Column } from './layout.ts'
import { asText, float, uint32 } from './values.ts'

type Attributes = LogRecord['attributes']

/** The columns of one side. */
export function sideColumns(side: 'src' | 'dst'): readonly Column[] {
  const low = (name: string): Column => ({ name: side + name, type: 'LowCardinality(String)' })
  const column = (name: string, type: string): Column => ({ name: side + name, type, rest: 'CODEC(ZSTD(1))' })
  return [
    column('IP', 'String'),
    low('ASCountryCode'),
    column('ASNumber', 'UInt32'),
    low('ASOrganization'),
    low('City'),
    low('ConnectionType'),
    low('ISP'),
    column('Latitude', 'Float64'),
    column('Longitude', 'Float64'),
    low('UserType'),
  ]
}

/** What is known of one side, as the columns take it. */
export interface Side {
  readonly address: string
  readonly country: string
  readonly number: number
  readonly organization: string
  readonly city: string
  readonly connection: string
  readonly isp: string
  readonly latitude: number
  readonly longitude: number
  readonly user: string
}

function unknownAt(address: string): Side {
  const [country, organization, city, connection, isp, user] = ['', '', '', '', '', '']
  return { address, country, number: 0, organization, city, connection, isp, latitude: 0, longitude: 0, user }
}

const unknown = unknownAt('')

/** The client. Attributes that nearly always lack are not asked for one by one. */
export function sourceOf(attributes: Attributes, { client }: Others): Side {
  const address = asText(attributes['client.address'])
  if (client.length === 0) return unknownAt(address)
  return {
    address,
    country: asText(attributes['geo.country.iso_code']),
    number: uint32(attributes['client.as.number']),
    organization: asText(attributes['client.as.organization'] ?? attributes['client.as.organization.name']),
    city: asText(attributes['geo.locality.name']),
    connection: asText(attributes['circleci_audit_forwarder.client.connection_type']),
    isp: asText(attributes['circleci_audit_forwarder.client.isp']),
    latitude: float(attributes['geo.location.lat']),
    longitude: float(attributes['geo.location.lon']),
    user: asText(attributes['circleci_audit_forwarder.client.user_type']),
  }
}

/** What was reached, where a source gives its address. */
export function destinationOf(attributes: Attributes): Side {
  const address = attributes['destination.address']
  if (address === undefined) return unknown
  return {
    address: asText(address),
    country: asText(attributes['destination.geo.country.iso_code']),
    number: uint32(attributes['destination.as.number']),
    organization: asText(attributes['destination.as.organization'] ?? attributes['destination.as.organization.name']),
    city: asText(attributes['destination.geo.locality.name']),
    connection: asText(attributes['destination.connection_type']),
    isp: asText(attributes['destination.isp']),
    latitude: float(attributes['destination.geo.location.lat']),
    longitude: float(attributes['destination.geo.location.lon']),
    user: asText(attributes['destination.user_type']),
  }
}
