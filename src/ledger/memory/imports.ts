import { isImportReceiver } from '../../domain/imports.ts'
import type { Sighting } from '../../domain/objects.ts'
import { covers } from '../../domain/ranges.ts'
import type { Account } from '../accounts.ts'
import type { Claimant } from '../duplicates.ts'
import type { ImportLedger, Place, Span } from '../imports.ts'
import { accountsOf } from './accounts.ts'
import { adoptionKey, claim } from './duplicates.ts'
import { identityOf, type State } from './state.ts'

export class MemoryImports implements ImportLedger {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  numbers(store: string, sightings: readonly Pick<Sighting, 'key' | 'version'>[]): readonly (number | undefined)[] {
    const { identities, seals } = this.#state
    return sightings.map((sighting) => {
      const identity = identityOf(store, sighting)
      return identities.get(identity) ?? seals.get(identity)?.object.ref
    })
  }

  latest(): number {
    return this.#state.count('object')
  }

  unlisted({ receiver, store, places }: Place, { from, to }: Span, listed: ReadonlySet<number>): readonly number[] {
    const seen = [...this.#state.objects.values(), ...this.#state.seals.values()]
    const within = seen.filter(({ object }) => object.store === store && object.time >= from && object.time < to)
    const mine = within.filter(({ object: { key }, receivers }) => {
      return receivers.includes(receiver) || places.some((place) => key.startsWith(place))
    })
    return [...new Set(mine.flatMap(({ object: { ref } }) => (listed.has(ref) ? [] : [ref])))]
  }

  remember(object: number, claimants: readonly Claimant[]): void {
    const { copies = [] } = this.#state.objects.get(object) ?? {}
    this.#state.journal.commit('volatile', () => {
      for (const claimant of claimants) {
        const { owner = undefined } = copies.find(({ from }) => from === claimant.from) ?? {}
        if (owner === undefined) claim(this.#state, object, claimant)
        else claim(this.#state, owner.object, { ...claimant, from: owner.from, to: owner.to })
      }
    })
  }

  /** What changes nothing is no commit. */
  secure(): void {
    const { journal } = this.#state
    journal.commit('durable', () => journal.record(() => undefined))
  }

  has(destination: string, object: number, positions: readonly number[]): readonly boolean[] {
    if (this.#state.isSealed(destination, object)) return positions.map(() => true)
    const row = this.#state.row(destination, object)
    const isComing = row?.state === 'outstanding' && this.#state.route(row.route).active
    return positions.map((position) => isComing || covers(row?.settled ?? [], position, position + 1))
  }

  leansOn(destination: string, object: number): boolean {
    const isOutstanding = (other: number): boolean => {
      const row = this.#state.row(destination, other)
      return other !== object && row?.state === 'outstanding' && this.#state.route(row.route).active
    }
    const { copies = [] } = this.#state.objects.get(object) ?? {}
    return copies.some(({ owner }) => {
      const adopter = this.#state.adoptions.get(adoptionKey(destination, owner))
      return isOutstanding(owner.object) || (adopter !== undefined && isOutstanding(adopter.object))
    })
  }

  isAsked(source: string): boolean {
    const asked = this.#state.requests.values().filter(({ kind }) => kind === 'import')
    return asked.some(({ body }) => (JSON.parse(body) as { source?: unknown }).source === source)
  }

  accounts(): readonly Account[] {
    return accountsOf(this.#state, isImportReceiver)
  }

  forgetCopies(object: number, limit: number): number {
    return this.#state.journal.commit('volatile', () => {
      const known = this.#state.objects.get(object)
      if (known === undefined) return 0
      const forgotten = Math.min(limit, known.copies.length)
      const reused = forgotten < limit ? [] : known.reused
      this.#state.objects.set(object, { ...known, copies: known.copies.slice(forgotten), reused })
      return forgotten
    })
  }
}
