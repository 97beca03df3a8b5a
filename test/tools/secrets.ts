// The credentials of the tests, and what becomes of whatever the program says: it is searched for them. A credential of a
// test is made by `canary` and its like, so that none needs to be listed to be found.
export { CANARY_MARK, canariesIn, canary, canaryGuid, canaryHex } from '../../exporters/contract/src/testing/canary.ts'

import { canariesIn } from '../../exporters/contract/src/testing/canary.ts'

/** Longer than any spelling of the mark, so that none is cut in two unseen. */
const OVERLAP = 64

/** Searches a stream of text as it passes. Nothing of it is kept but its end. */
export class Listener {
  readonly #where: string
  readonly #found = new Set<string>()
  #rest = ''

  /** @param where what is listened to, for whoever reads what was found */
  constructor(where: string) {
    this.#where = where
  }

  hear(text: string): void {
    const heard = this.#rest + text
    const leaks = canariesIn(heard)
    for (const leak of leaks) this.#found.add(`${this.#where}: ${leak}`)
    // What was found once is not found again in the overlap.
    this.#rest = leaks.length > 0 ? '' : heard.slice(-OVERLAP)
  }

  /** Where credentials were heard since the last time. */
  take(): readonly string[] {
    const found = [...this.#found]
    this.#found.clear()
    return found
  }
}
