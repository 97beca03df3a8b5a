// Whether an action changes something, by its name: CircleCI does not say. The rule is about the last word, so that it
// holds for actions nobody has heard of; what it does not know has changed something.

/** Of the action in lower case with dots between all words. */
const READS =
  /(^|\.)(accessed|requested|viewed|read|listed|downloaded|exported|get|list|view)$|\.download\.url\.generated$|\.context\.request$/

const MEMORY_MAX = 1000
const remembered = new Map<string, boolean>()

/** Whether the action only looks: `context.secrets.accessed` does, `context.create` does not. Pure. */
export function isReadOnly(action: string): boolean {
  const known = remembered.get(action)
  if (known !== undefined) return known
  const reads = READS.test(
    action
      .slice(0, 200)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '.'),
  )
  if (remembered.size < MEMORY_MAX) remembered.set(action, reads)
  return reads
}
