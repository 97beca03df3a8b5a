// The two ends of a connection, ten columns each. What is known of the client comes from CircleCI and the geoip
// processor; CircleCI does not say what was reached, but another source may (`destination.*`).
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { Spread } from './attributes.ts'
import type { Column } from './layout.ts'
import { floatJson, textJson, uint32Json } from './values.ts'

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

interface Side {
  readonly address: unknown
  readonly country: unknown
  readonly number: unknown
  readonly organization: unknown
  readonly city: unknown
  readonly connection: unknown
  readonly isp: unknown
  readonly latitude: unknown
  readonly longitude: unknown
  readonly user: unknown
}

function sideJson(side: 'src' | 'dst', known: Side): string {
  return (
    `,"${side}IP":${textJson(known.address)},"${side}ASCountryCode":${textJson(known.country)}` +
    `,"${side}ASNumber":${uint32Json(known.number)},"${side}ASOrganization":${textJson(known.organization)}` +
    `,"${side}City":${textJson(known.city)},"${side}ConnectionType":${textJson(known.connection)}` +
    `,"${side}ISP":${textJson(known.isp)},"${side}Latitude":${floatJson(known.latitude)}` +
    `,"${side}Longitude":${floatJson(known.longitude)},"${side}UserType":${textJson(known.user)}`
  )
}

const nothing = { country: undefined, number: undefined, organization: undefined, city: undefined }
const unknown = { ...nothing, connection: undefined, isp: undefined, latitude: 0, longitude: 0, user: undefined }
const noSource = sideJson('src', { ...unknown, address: undefined }).slice(',"srcIP":""'.length)
const noDestination = sideJson('dst', { ...unknown, address: undefined })

/** The client's columns as JSON, a comma before each. */
export function source(attributes: Attributes, { enrichment }: Spread): string {
  const address = attributes['client.address']
  if (enrichment === '') return `,"srcIP":${textJson(address)}${noSource}`
  return sideJson('src', {
    address,
    country: attributes['geo.country.iso_code'],
    number: attributes['client.as.number'],
    organization: attributes['client.as.organization'] ?? attributes['client.as.organization.name'],
    city: attributes['geo.locality.name'],
    connection: attributes['circleci_audit_forwarder.client.connection_type'],
    isp: attributes['circleci_audit_forwarder.client.isp'],
    latitude: attributes['geo.location.lat'],
    longitude: attributes['geo.location.lon'],
    user: attributes['circleci_audit_forwarder.client.user_type'],
  })
}

/** The other side's. */
export function destination(attributes: Attributes, { hasDestination }: Spread): string {
  if (!hasDestination) return noDestination
  return sideJson('dst', {
    address: attributes['destination.address'],
    country: attributes['destination.geo.country.iso_code'],
    number: attributes['destination.as.number'],
    organization: attributes['destination.as.organization'] ?? attributes['destination.as.organization.name'],
    city: attributes['destination.geo.locality.name'],
    connection: attributes['destination.connection_type'],
    isp: attributes['destination.isp'],
    latitude: attributes['destination.geo.location.lat'],
    longitude: attributes['destination.geo.location.lon'],
    user: attributes['destination.user_type'],
  })
}
