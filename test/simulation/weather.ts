import type { Chance } from './chance.ts'

/** A time in which something is wrong. */
export interface Spell<Kind extends string> {
  readonly kind: Kind
  readonly from: number
  readonly to: number
}

/** When what is wrong with one part of the world. */
export class Weather<Kind extends string> {
  readonly spells: readonly Spell<Kind>[]

  constructor(spells: readonly Spell<Kind>[]) {
    this.spells = spells
  }

  at(now: number): Spell<Kind> | undefined {
    return this.spells.find(({ from, to }) => from <= now && now < to)
  }

  /** Whether anything is wrong at any time of [from, to). */
  touches(from: number, to: number): boolean {
    return this.spells.some((spell) => spell.from < to && from < spell.to)
  }
}

const MINUTE = 60_000

/** Some spells between `from` and `to`: most last minutes, some hours, a few days. */
export function draw<Kind extends string>(
  chance: Chance,
  kinds: readonly Kind[],
  span: { readonly from: number; readonly to: number; readonly count: number },
): Weather<Kind> {
  const spells = Array.from({ length: span.count }, (): Spell<Kind> => {
    const from = chance.int(span.from, span.to)
    const mean = chance.pick([5 * MINUTE, 5 * MINUTE, 60 * MINUTE, 600 * MINUTE, 4000 * MINUTE])
    return { kind: chance.pick(kinds), from, to: Math.min(span.to, from + Math.ceil(chance.exponential(mean))) }
  })
  return new Weather(spells)
}
