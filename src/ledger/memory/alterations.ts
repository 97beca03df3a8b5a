import type { AlterationKind } from '../../domain/objects.ts'
import type { Alteration } from '../alterations.ts'
import type { State } from './state.ts'

/** True if it was not known. */
export function note(
  state: State,
  { ref, store, key }: Alteration['object'],
  kind: AlterationKind,
  evidence: string,
  now: number,
): boolean {
  if (state.alterations.get(`${ref} ${kind}`) !== undefined) return false
  state.next('altered')
  state.alterations.set(`${ref} ${kind}`, { object: { ref, store, key }, kind, evidence, at: now })
  return true
}

/** If the key was known under another version, that is noted. */
export function noteVersion(state: State, ref: number, now: number): Alteration | undefined {
  const { object } = state.object(ref)
  const others = [
    ...state.objects.values().map((known) => known.object),
    ...state.seals.values().map((seal) => seal.object),
  ]
  const before = others.filter((one) => one.store === object.store && one.key === object.key && one.ref < ref)
  const [last] = before.sort((a, b) => b.ref - a.ref)
  if (last === undefined) return undefined
  note(state, object, 'version', last.version, now)
  return state.alterations.get(`${ref} version`)
}

export function alterations(state: State, limit: number): Alteration[] {
  const sorted = state.alterations.values().sort((a, b) => a.object.ref - b.object.ref || (a.kind < b.kind ? -1 : 1))
  return sorted.slice(0, limit)
}
