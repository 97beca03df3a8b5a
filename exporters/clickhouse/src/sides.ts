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

/** Columns of one side but its address, as the table takes them. */
interface Place {
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

const unknown: Place = {
  ...{ country: '', number: 0, organization: '', city: '', connection: '' },
  ...{ isp: '', latitude: 0, longitude: 0, user: '' },
}

/** The members of a row for one side's place, each with a comma behind it. */
function members(side: 'src' | 'dst', place: Place): string {
  const row = {
    [`${side}ASCountryCode`]: place.country,
    [`${side}ASNumber`]: place.number,
    [`${side}ASOrganization`]: place.organization,
    [`${side}City`]: place.city,
    [`${side}ConnectionType`]: place.connection,
    [`${side}ISP`]: place.isp,
    [`${side}Latitude`]: place.latitude,
    [`${side}Longitude`]: place.longitude,
    [`${side}UserType`]: place.user,
  }
  return `${JSON.stringify(row).slice(1, -1)},`
}

const sourceNowhere = members('src', unknown)
const destinationNowhere = `"dstIP":"",${members('dst', unknown)}`

/** Members of a row that knows nothing of either side but the client's address, as nearly all do: written once. */
export const nowhere = sourceNowhere + destinationNowhere

/** What is known of both sides, all columns but the client's address: members of a row. Undefined: as `nowhere`. */
export function placesOf(attributes: Attributes, others: Others): string | undefined {
  if (others.client.length === 0 && attributes['destination.address'] === undefined) return undefined
  return sourceMembers(attributes, others) + destinationMembers(attributes)
}

/** What is known of the client, all columns but its address: members of a row, each with a comma behind it. */
function sourceMembers(attributes: Attributes, { client }: Others): string {
  if (client.length === 0) return sourceNowhere
  return members('src', {
    country: asText(attributes['geo.country.iso_code']),
    number: uint32(attributes['client.as.number']),
    organization: asText(attributes['client.as.organization'] ?? attributes['client.as.organization.name']),
    city: asText(attributes['geo.locality.name']),
    connection: asText(attributes['circleci_audit_forwarder.client.connection_type']),
    isp: asText(attributes['circleci_audit_forwarder.client.isp']),
    latitude: float(attributes['geo.location.lat']),
    longitude: float(attributes['geo.location.lon']),
    user: asText(attributes['circleci_audit_forwarder.client.user_type']),
  })
}

/** What was reached, where a source gives its address: members of a row, each with a comma behind it. */
function destinationMembers(attributes: Attributes): string {
  const address = attributes['destination.address']
  if (address === undefined) return destinationNowhere
  const place = {
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
  return `"dstIP":${JSON.stringify(asText(address))},${members('dst', place)}`
}
