// Attributes that have no column of their own in `circleci_audit_logs`, sorted by where they belong. That is decided once
// per name. No attribute is left out: what belongs nowhere else is a tag.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { Entries } from './rows.ts'

type Attributes = LogRecord['attributes']

/** Attributes beyond those with a column or a fixed place. */
export interface Others {
  /** What else CircleCI says of the actor, under its own name. */
  readonly actor: Entries
  readonly metadata: Entries
  /** What was looked up about the client. */
  readonly client: Entries
  readonly tags: Entries
}

const parts = (prefix: string): readonly string[] => ['id', 'type', 'name'].map((part) => `${prefix}.${part}`)

/**
 * Attributes with a column, or with a fixed place in the actor's map or in the tags; and those that say once more, in
 * OpenTelemetry's words, which object a record was read from (`circleci_audit_forwarder.source.*` says it completely).
 */
const PLACED = new Set([
  'log.record.uid',
  'circleci.audit.action',
  'circleci.audit.version',
  'circleci.audit.success',
  'circleci.audit.payload',
  'circleci.audit.request.id',
  'circleci.audit.actor.username',
  'circleci.audit.actor.email',
  ...['actor', 'target', 'scope', 'organization', 'account'].flatMap((party) => parts(`circleci.audit.${party}`)),
  'user.id',
  'user.name',
  'user.email',
  'client.address',
  'error.type',
  'http.request.header.x-client-trace-id',
  'aws.s3.bucket',
  'aws.s3.key',
  'log.file.path',
  ...['store', 'key', 'line', 'offset', 'sha256'].map((part) => `circleci_audit_forwarder.source.${part}`),
])

type Home = keyof Others | 'placed'

const ACTOR = 'circleci.audit.actor.'
const METADATA = 'circleci.audit.metadata.'
const CLIENT = /^(geo|client\.as|circleci_audit_forwarder\.client)\./

function homeOf(name: string): Home {
  if (PLACED.has(name)) return 'placed'
  if (name.startsWith(ACTOR)) return 'actor'
  if (name.startsWith(METADATA)) return 'metadata'
  return CLIENT.test(name) ? 'client' : 'tags'
}

const MEMORY_MAX = 1000
const homes = new Map<string, Home>()
/** Names of the record before, and their homes: most records have the same ones in the same order. */
const lastNames: string[] = []
const lastHomes: Home[] = []

function remember(index: number, name: string): Home {
  const home = homes.get(name) ?? homeOf(name)
  if (homes.size < MEMORY_MAX) homes.set(name, home)
  if (index < MEMORY_MAX) {
    lastNames[index] = name
    lastHomes[index] = home
  }
  return home
}

const none: Entries = []

/** Sorts all attributes. */
export function othersIn(attributes: Attributes): Others {
  let [actor, metadata, client, tags] = [none, none, none, none]
  let index = -1
  for (const name in attributes) {
    index++
    const home = lastNames[index] === name ? lastHomes[index] : remember(index, name)
    if (home === 'placed') continue
    const value = attributes[name]
    if (value === undefined) continue
    if (home === 'tags') tags = [...tags, [name, value]]
    else if (home === 'client') client = [...client, [name, value]]
    else if (home === 'metadata') metadata = [...metadata, [name.slice(METADATA.length), value]]
    else actor = [...actor, [name.slice(ACTOR.length), value]]
  }
  return { actor, metadata, client, tags }
}
