import type { AuditEvent } from '../../domain/event.ts'
import { Tally } from './tally.ts'

const documented = new Set([
  'id',
  'version',
  'action',
  'occurred_at',
  'actor',
  'target',
  'scope',
  'organization',
  'account',
  'success',
  'request',
  'payload',
  'metadata',
  'common_fields',
])
const parties = ['actor', 'target', 'scope', 'organization', 'account'] as const
const ofParty = new Set(['id', 'type', 'name'])

/** Names that CircleCI's documentation does not list: `extra`, `actor.email`. What payload and metadata hold is free. */
export class UnknownFields {
  readonly #names = new Tally(200)

  add(event: AuditEvent): void {
    for (const name of Object.keys(event)) if (!documented.has(name)) this.#names.add(name)
    for (const party of parties) {
      const value: unknown = event[party]
      if (typeof value !== 'object' || value === null) continue
      for (const name of Object.keys(value)) if (!ofParty.has(name)) this.#names.add(`${party}.${name}`)
    }
  }

  counts(): Readonly<Record<string, number>> {
    return this.#names.counts()
  }
}
