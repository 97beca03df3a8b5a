import type { Loaded } from '../config/load.ts'
import { SetupError } from '../domain/failures.ts'
import { openSqliteLedger, type SqliteLedger } from '../ledger/sqlite/ledger.ts'
import { type Asking, fulfilled, ledgerPath } from './asking.ts'
import { ProgressLine } from './progress-line.ts'

/** In place of what the operator did not say. */
export const noReason = 'no reason given'

/** Uses the ledger beside whoever writes it. */
export async function reading<T>(loaded: Loaded, use: (ledger: SqliteLedger) => T | Promise<T>): Promise<T> {
  const ledger = openSqliteLedger({ path: ledgerPath(loaded), readOnly: true })
  try {
    return await use(ledger)
  } finally {
    ledger.close()
  }
}

/**
 * What a request is answered, with a line on the terminal meanwhile. Throws SetupError where it is refused; undefined
 * where the command was told to stop first, which is said.
 */
export async function answered<T>(
  loaded: Loaded,
  asking: Omit<Asking, 'show'> & { readonly progress: (progress: unknown) => string },
): Promise<T | undefined> {
  const line = new ProgressLine()
  try {
    const { request, answer } = await fulfilled(loaded, {
      ...asking,
      show: (progress) => line.show(asking.progress(progress)),
      say: (text) => {
        line.clear()
        process.stderr.write(`${text}\n`)
      },
    })
    line.clear()
    if (answer === undefined) {
      process.stderr.write(
        `request ${request} is not done yet; the forwarder goes on with it, at the latest when it starts\n`,
      )
      return undefined
    }
    if ('done' in answer) return answer.done as T
    throw new SetupError(answer.refused, answer.hint === undefined ? {} : { hint: answer.hint })
  } finally {
    line.clear()
  }
}
