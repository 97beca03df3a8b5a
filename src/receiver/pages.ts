// A listing, page by page, each from where the one before it ended. A bucket of a million objects has a thousand pages, and
// one of them that is refused for the moment must not cost the others again: it is asked for once more from the same place,
// some times, later and later. Only pages behind the first, because a listing that fails at once has lost nothing, and whoever
// asked for it has a pace of its own. No jitter: one forwarder lists a bucket, and keeps step with nobody.
import type { Clock } from '../domain/clock.ts'
import { SourceFailure } from '../domain/failures.ts'

/** How often a page is asked for, beyond what an SDK repeats by itself; a minute in all. */
const ATTEMPTS = 7
const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/** One store's way to list. */
export interface Paged<Page> {
  /** The page that begins there; undefined for the first. Throws SourceFailure. */
  ask(token: string | undefined): Promise<Page>
  /** Where the next page begins; undefined behind the last. Throws SourceFailure. */
  following(page: Page, token: string | undefined): string | undefined
}

/** All pages in order. Throws SourceFailure, and whatever `ask` throws. */
export async function* pages<Page>(
  { ask, following }: Paged<Page>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let token: string | undefined
  do {
    const at = token
    const page = await (at === undefined ? ask(at) : persistent(() => ask(at), clock, signal))
    yield page
    token = following(page, at)
  } while (token !== undefined)
}

async function persistent<Page>(ask: () => Promise<Page>, clock: Clock, signal: AbortSignal): Promise<Page> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof SourceFailure && error.passing) || attempts === ATTEMPTS) throw error
      await clock.sleep(Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1)), signal)
      signal.throwIfAborted()
    }
  }
}
