// What the forwarder knows of an event beyond what the event says itself: where it lay, where its address is, what the
// operator added. The event goes along as it was written, so attributes made of it would say everything twice.
import { jsonText, type LogRecord } from '@circleci-audit-forwarder/contract'

/** Attributes that repeat what stands in the original event. */
const repeated = new Set([
  'log.record.uid',
  'client.address',
  'user.id',
  'user.name',
  'error.type',
  'http.request.header.x-client-trace-id',
])

/** An attribute beyond the event. Most values are the one before again (bucket, object, tenant): that text is kept. */
class Beyond {
  readonly #name: string
  #value: unknown
  #json: string | undefined

  constructor(name: string) {
    this.#name = `,${jsonText(name)}:`
  }

  /** With a comma before it. */
  json(value: unknown): string {
    if (value === this.#value && this.#json !== undefined) return this.#json
    const json = this.#name + jsonText(value)
    const isKept = typeof value === 'string' && value.length < KEPT_MAX
    this.#value = isKept ? value : undefined
    this.#json = isKept ? json : undefined
    return json
  }
}

const NAMES_MAX = 1000
const KEPT_MAX = 1000
const names = new Map<string, Beyond | null>()

/** Null for an attribute that repeats the event. Names are few: each is looked at once. */
function beyond(name: string): Beyond | null {
  const found = name.startsWith('circleci.audit.') || repeated.has(name) ? null : new Beyond(name)
  if (names.size < NAMES_MAX) names.set(name, found)
  return found
}

/** `,"attributes":{…}` with what the event itself does not say; nothing if there is nothing. */
export function attributesBeyond(attributes: LogRecord['attributes']): string {
  let json = ''
  for (const name in attributes) {
    let known = names.get(name)
    if (known === undefined) known = beyond(name)
    if (known !== null) json += known.json(attributes[name])
  }
  return json === '' ? '' : `,"attributes":{${json.slice(1)}}`
}
