// Actions come in several spellings: CircleCI's page of events has had `workflow.job.start` and `workflow-job-start`
// for the same event. So the raw action is kept and everything that looks an action up does so by its folded form.
import { matchesGlob } from './glob.ts'

/** The action in one spelling: lower case, every run of other than letters and digits a dot, none at the ends. */
export function foldAction(action: string): string {
  return action
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.|\.$/g, '')
}

/** A glob over actions, e.g. `context.*` or `workflow.job.*`: matches the raw action or, folded itself, the folded one. */
export class ActionGlob {
  readonly #raw: string
  readonly #folded: string

  constructor(glob: string) {
    this.#raw = glob
    this.#folded = glob.toLowerCase().replace(/[^a-z0-9*?]+/g, '.')
  }

  matches(raw: string, folded: string): boolean {
    return matchesGlob(this.#raw, raw) || matchesGlob(this.#folded, folded)
  }
}
