// What the entries of MaxMind's databases (City, Country, ASN, ISP, Connection-Type, Enterprise, and those of others in
// the same layout) say, as attributes. The layout is told by the fields that are there, not by the database's type, so
// that one reading serves all. Names are OpenTelemetry's where it has one; it has none for provider, kind of connection
// and kind of user, and its namespaces are not for others to extend.
// Source of the fields: https://dev.maxmind.com/geoip/docs/databases/

type Fields = Readonly<Record<string, unknown>>

/** Attributes by name, to be set in this order. */
export type Place = Readonly<Record<string, string | number>>

/** Readers give the same object for the same entry, and most events come from few addresses. */
const places = new WeakMap<object, Place>()

/** The attributes an entry gives; none for what is no entry. Never throws. */
export function placeOf(entry: unknown): Place {
  if (typeof entry !== 'object' || entry === null) return {}
  const known = places.get(entry)
  if (known !== undefined) return known
  const place = placeIn(entry as Fields)
  places.set(entry, place)
  return place
}

function placeIn(fields: Fields): Place {
  const traits = { ...mapping(fields['traits']), ...fields }
  const country = text(mapping(fields['country'])['iso_code'])
  const region = text(mapping(list(fields['subdivisions'])[0])['iso_code'])
  const location = mapping(fields['location'])
  return present({
    'geo.continent.code': text(mapping(fields['continent'])['code']),
    'geo.country.iso_code': country,
    'geo.region.iso_code': country === undefined || region === undefined ? undefined : `${country}-${region}`,
    'geo.locality.name': text(mapping(mapping(fields['city'])['names'])['en']),
    'geo.postal_code': text(mapping(fields['postal'])['code']),
    'geo.location.lat': degrees(location['latitude'], 90),
    'geo.location.lon': degrees(location['longitude'], 180),
    'client.as.number': whole(traits['autonomous_system_number']),
    'client.as.organization': text(traits['autonomous_system_organization']),
    'circleci_audit_forwarder.client.isp': text(traits['isp']),
    'circleci_audit_forwarder.client.connection_type': text(traits['connection_type']),
    'circleci_audit_forwarder.client.user_type': text(traits['user_type']),
  })
}

function present(place: Readonly<Record<string, string | number | undefined>>): Place {
  return Object.fromEntries(
    Object.entries(place).filter((pair): pair is [string, string | number] => pair[1] !== undefined),
  )
}

function mapping(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined
}

function degrees(value: unknown, most: number): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= most ? value : undefined
}
