// Attributes that have no column of their own, sorted into the maps of `circleci_audit_logs`. Where a name belongs is
// decided once per name; a record is then one pass over its attributes. No attribute is left out: what belongs nowhere
// else is a tag.
import { jsonText, type LogRecord } from '@circleci-audit-forwarder/contract'
import { textJson } from './values.ts'

type Attributes = LogRecord['attributes']

/** The insides of three maps, as JSON without braces, and what was looked up about the addresses. */
export interface Spread {
  readonly actor: string
  readonly tags: string
  readonly metadata: string
  readonly enrichment: string
  /** Something is known about the other side of the connection. */
  readonly hasDestination: boolean
}

/** Attributes with a column or a fixed place in the actor's map. */
const PLACED = new Set([
  'log.record.uid',
  'circleci.audit.action',
  'circleci.audit.version',
  'circleci.audit.success',
  'circleci.audit.payload',
  'circleci.audit.request.id',
  ...['id', 'type', 'name', 'username', 'email'].map((field) => `circleci.audit.actor.${field}`),
  ...['target', 'scope'].flatMap((party) => ['id', 'type', 'name'].map((field) => `circleci.audit.${party}.${field}`)),
  'user.id',
  'user.name',
  'user.email',
  'client.address',
])

type Home = 'placed' | 'actor' | 'metadata' | 'enrichment' | 'destination' | 'tags'

interface Place {
  readonly home: Home
  /** `"name":` */
  readonly key: string
}

const ACTOR = 'circleci.audit.actor.'
const METADATA = 'circleci.audit.metadata.'
const CLIENT = /^(geo|client\.as|client\.geo|circleci_audit_forwarder\.client)\./

function placeOf(name: string): Place {
  if (PLACED.has(name)) return { home: 'placed', key: '' }
  if (name.startsWith(ACTOR)) return { home: 'actor', key: `${jsonText(name.slice(ACTOR.length))}:` }
  if (name.startsWith(METADATA)) return { home: 'metadata', key: `${jsonText(name.slice(METADATA.length))}:` }
  if (name.startsWith('destination.')) return { home: 'destination', key: `${jsonText(name)}:` }
  return { home: CLIENT.test(name) ? 'enrichment' : 'tags', key: `${jsonText(name)}:` }
}

const MEMORY_MAX = 1000
const places = new Map<string, Place>()

function rememberedPlaceOf(name: string): Place {
  const known = places.get(name)
  if (known !== undefined) return known
  const place = placeOf(name)
  if (places.size < MEMORY_MAX) places.set(name, place)
  return place
}

/** Sorts all attributes. */
export function spread(attributes: Attributes): Spread {
  const maps = { placed: '', actor: '', metadata: '', enrichment: '', destination: '', tags: '' }
  for (const name in attributes) {
    const { home, key } = rememberedPlaceOf(name)
    if (home === 'placed' || attributes[name] === undefined) continue
    const map = maps[home]
    maps[home] = `${map}${map === '' ? '' : ','}${key}${textJson(attributes[name])}`
  }
  const { actor, tags, metadata, enrichment, destination } = maps
  // What is known of the other side has columns, and stays a tag as well: nobody looked it up here.
  return { actor, tags: joined(tags, destination), metadata, enrichment, hasDestination: destination !== '' }
}

/** Parts of a map, without empty ones. */
export function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(',')
}

/** One entry of a map, if there is a value. `key` needs no escaping. */
export function entry(key: string, value: unknown): string {
  return value === undefined ? '' : `"${key}":${textJson(value)}`
}
