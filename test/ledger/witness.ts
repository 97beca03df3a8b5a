import type { AuditObject, Sighting } from '../../src/domain/objects.ts'
import type { Position } from '../../src/ledger/duplicates.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { contentOf } from './lane.ts'

function identity({ key, version }: Sighting): string {
  return `${key} ${version}`
}

/** What happened outside the ledger. */
export class Witness {
  /** Ids each destination stored. */
  readonly #stored = new Map<string, Set<string>>()
  /** Objects by number that may be sealed by now. */
  readonly known = new Map<number, AuditObject>()
  /** What was given up, by destination and by key and version. */
  readonly #lost = new Set<string>()
  /** Objects announced, by receiver and by key and version: what was rewritten is another object, and may be another's. */
  readonly announced = new Map<string, Map<string, Sighting>>()

  announce(receiver: string, sightings: readonly Sighting[]): void {
    const known = this.announced.get(receiver) ?? new Map<string, Sighting>()
    for (const seen of sightings) known.set(identity(seen), seen)
    this.announced.set(receiver, known)
  }

  store(ledger: Ledger, destination: string, member: Pick<Position, 'object' | 'from'> | undefined): void {
    const object = member && ledger.object(member.object)
    const item = object && contentOf(object).find(({ from }) => from === member.from)
    if (item !== undefined) this.stored(destination).add(item.id)
  }

  stored(destination: string): Set<string> {
    const ids = this.#stored.get(destination) ?? new Set<string>()
    this.#stored.set(destination, ids)
    return ids
  }

  /** An object that was lost is there again. */
  find(destination: string, sightings: readonly Sighting[]): void {
    for (const object of sightings) this.#lost.delete(`${destination} ${identity(object)}`)
  }

  rename(from: string, to: string): void {
    this.#stored.set(to, this.stored(from))
    this.#stored.delete(from)
    const of = (mark: string) => mark.startsWith(`${from} `)
    for (const mark of [...this.#lost].filter(of)) {
      this.#lost.delete(mark)
      this.#lost.add(`${to} ${mark.slice(from.length + 1)}`)
    }
  }

  lose(destination: string, object: Sighting): void {
    this.#lost.add(`${destination} ${identity(object)}`)
  }

  isLost(destination: string, object: Sighting): boolean {
    return this.#lost.has(`${destination} ${identity(object)}`)
  }
}
