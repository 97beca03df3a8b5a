import type { Sighting } from '../../src/domain/objects.ts'
import type { Position } from '../../src/ledger/duplicates.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { contentOf } from './lane.ts'
import { refs } from './view.ts'

/** What happened outside the ledger. */
export class Witness {
  /** Ids each destination stored. */
  readonly #stored = new Map<string, Set<string>>()
  readonly #lost = new Set<string>()
  /** Objects announced, by receiver and by key and version: what was rewritten is another object, and may be another's. */
  readonly announced = new Map<string, Map<string, Sighting>>()

  announce(receiver: string, sightings: readonly Sighting[]): void {
    const known = this.announced.get(receiver) ?? new Map<string, Sighting>()
    for (const seen of sightings) known.set(`${seen.key} ${seen.version}`, seen)
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
  find(ledger: Ledger, destination: string, sightings: readonly Sighting[]): void {
    const keys = new Set(sightings.map(({ key, version }) => `${key} ${version}`))
    for (const object of refs(ledger)) {
      if (keys.has(`${object.key} ${object.version}`)) this.#lost.delete(`${destination} ${object.ref}`)
    }
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

  lose(destination: string, object: number): void {
    this.#lost.add(`${destination} ${object}`)
  }

  isLost(destination: string, object: number): boolean {
    return this.#lost.has(`${destination} ${object}`)
  }
}
