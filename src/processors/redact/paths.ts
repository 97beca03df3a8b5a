// Paths as the operator writes them (`actor.name`, `payload.*.token`, `**.password`), followed key by key through an
// event. A spot is where one stands: which rules have come how far. Spots are made once and remember the steps taken
// from them, so that following a path costs one look into a map per key.
//
// CircleCI's events have been seen in other spellings, `ACTOR_NAME` or `Actor Name` for `actor: { name }`. So keys are
// compared folded, and one key may take several steps of a path: `actor_name` takes the two of `actor.name`. That may
// find more than was meant (a key `a_b` for `a.b`), never less.

import { matchesGlob } from '../../domain/glob.ts'

/** What happens to what is found, the weightiest first. */
export const actions = ['drop', 'mask', 'hash'] as const
export type Action = (typeof actions)[number]

export interface Rule {
  readonly steps: readonly string[]
  readonly action: Action
}

/** Keys and spots that are remembered: keys are the sender's, so their number is bounded. */
const mostKeys = 256
const longestKey = 200
const mostSpots = 1000

/** The steps of a path. `*` and `?` match within one key, `**` any number of keys, also none. */
export function stepsOf(path: string): readonly string[] {
  return path.split('.').map((step) => (step === '**' ? step : foldKey(step, /[^\p{L}\p{N}*?]+/gu)))
}

/** A key in the one spelling that is compared: lower case, words joined by `_`, which is also what has no words. */
export function foldKey(key: string, between = /[^\p{L}\p{N}]+/gu): string {
  return key.toLowerCase().replace(between, '_').replace(/^_|_$/g, '') || (key && '_')
}

/** How far the rules have come at one place of an event. */
export class Spot {
  /** What is to happen to the whole value here. */
  readonly action: Action | undefined
  /** Whether a rule may be about something further down. */
  readonly alive: boolean
  readonly #follow: (folded: string) => Spot
  readonly #steps = new Map<string, Spot>()

  constructor(action: Action | undefined, alive: boolean, follow: (folded: string) => Spot) {
    this.action = action
    this.alive = alive
    this.#follow = follow
  }

  /** One key down. */
  step(key: string): Spot {
    if (!this.alive && this.action === undefined) return this
    const known = this.#steps.get(key)
    if (known !== undefined) return known
    const next = this.#follow(foldKey(key))
    if (this.#steps.size < mostKeys && key.length <= longestKey) this.#steps.set(key, next)
    return next
  }
}

/** How many steps of a rule are taken. Every rule that is anywhere has one state per way to have come there. */
interface State {
  readonly rule: Rule
  readonly taken: number
}

/** All rules, and the spots that have been reached. */
export class Paths {
  readonly #spots = new Map<string, Spot>()
  readonly #statesOf = new WeakMap<Spot, readonly State[]>()
  readonly #attributes = new Map<string, Spot>()
  readonly #rules: readonly Rule[]
  /** Where an event begins. */
  readonly root: Spot

  constructor(rules: readonly Rule[]) {
    this.#rules = rules
    this.root = this.#spot(rules.map((rule) => ({ rule, taken: 0 })))
  }

  /** One element of a list: lists are looked through as if they were not there, and `*` matches an element, too. */
  item(list: Spot, index: number): Spot {
    if (!list.alive) return list
    const element = list.step(String(index))
    return this.#spot([...this.#states(list), ...this.#states(element)])
  }

  /** An attribute, whose name is a whole path in one: `actor.name` is also the name that lies in `actor`. */
  attribute(name: string): Spot {
    const known = this.#attributes.get(name)
    if (known !== undefined) return known
    const spot = this.#spot([...this.#states(this.root.step(name)), ...this.#states(this.#walked(name))])
    if (this.#attributes.size < mostKeys && name.length <= longestKey) this.#attributes.set(name, spot)
    return spot
  }

  /** Whether the path, in plain keys, lies in what some rule is about. */
  covers(path: string): boolean {
    return this.#walked(path).action !== undefined
  }

  /** Key by key, up to where a rule takes the whole value. */
  #walked(path: string): Spot {
    let spot = this.root
    for (const key of path.split('.')) {
      spot = spot.step(key)
      if (spot.action !== undefined) break
    }
    return spot
  }

  #states(spot: Spot): readonly State[] {
    return this.#statesOf.get(spot) ?? []
  }

  #spot(open: readonly State[]): Spot {
    const named = new Map(open.flatMap(withSkipped).map((state) => [this.#nameOf(state), state]))
    const name = [...named.keys()].sort().join()
    const known = this.#spots.get(name)
    if (known !== undefined) return known
    const states = [...named.values()]
    const spot = this.#made(states)
    this.#statesOf.set(spot, states)
    if (this.#spots.size < mostSpots) this.#spots.set(name, spot)
    return spot
  }

  #made(states: readonly State[]): Spot {
    const done = new Set(states.filter(isDone).map(({ rule }) => rule.action))
    const left = states.filter((state) => !isDone(state))
    return new Spot(
      actions.find((action) => done.has(action)),
      left.length > 0,
      (folded) => this.#spot(left.flatMap((state) => taken(state, folded))),
    )
  }

  #nameOf({ rule, taken }: State): string {
    return `${this.#rules.indexOf(rule)}/${taken}`
  }
}

function isDone({ rule, taken }: State): boolean {
  return taken === rule.steps.length
}

/** `**` may stand for nothing. */
function withSkipped(state: State): readonly State[] {
  const { rule, taken } = state
  return rule.steps[taken] === '**' ? [state, ...withSkipped({ rule, taken: taken + 1 })] : [state]
}

/** Every way in which one key takes steps: none of a `**`, one, or several at once. */
function taken({ rule, taken: from }: State, folded: string): readonly State[] {
  const states: State[] = rule.steps[from] === '**' ? [{ rule, taken: from }] : []
  for (let to = from + 1; to <= rule.steps.length; to++) {
    const glob = rule.steps.slice(from, to).join('_').replaceAll('**', '*')
    if (matchesGlob(glob, folded)) states.push({ rule, taken: to })
  }
  return states
}
