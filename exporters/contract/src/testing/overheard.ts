// An exporter whose every word is searched for credentials: outcomes, findings, what it throws. Tests look at what an
// answer means; this looks at what it says, in all of them and not only in the one test that thinks of it.
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { Exporter } from '../exporter.ts'
import { canariesIn } from './canary.ts'

/** What is found in a text that must not be there. */
export type Search = (text: string) => readonly string[]

/**
 * The same exporter, failing with an AssertionError where what it says holds a credential. Without `search`, those made
 * by `canary` are looked for.
 */
export function overheard<Kind extends Exporter>(exporter: Kind, search: Search = canariesIn): Kind {
  return new Proxy(exporter, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]) =>
        listen(`${String(name)}()`, () => Reflect.apply(value, target, args), search)
    },
  })
}

function listen(where: string, speak: () => unknown, search: Search): unknown {
  try {
    const said = speak()
    if (!(said instanceof Promise)) return said
    return said.then(
      (answer: unknown) => searched(where, answer, search),
      (error: unknown) => {
        throw searched(where, error, search)
      },
    )
  } catch (error) {
    throw searched(where, error, search)
  }
}

function searched(where: string, said: unknown, search: Search): unknown {
  const found = search(inspect(said, { depth: 20, maxArrayLength: null, maxStringLength: null, breakLength: 1e9 }))
  assert.deepEqual(found, [], `a credential shows in what ${where} says`)
  return said
}

/** A search for one credential, as it is and as headers and URLs spell it. */
export function searchFor(secret: string): Search {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1)
  const spellings = new Set([secret, base64, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
  return (text) => [...canariesIn(text), ...[...spellings].filter((spelling) => text.includes(spelling))]
}
