// A product with one deliberate fault: its source is changed on its way into the process, before anything imports it.
// Fails loudly where the place to change is not there exactly once, so a fault cannot quietly become none.
import { registerHooks } from 'node:module'
import { FAULTS } from './faults.ts'

const root = new URL('../../', import.meta.url)

/** Call before the product is imported. */
export function commit(name: string): void {
  const fault = FAULTS.find((each) => each.name === name)
  if (fault === undefined)
    throw new Error(`no such fault: ${name}; there are ${FAULTS.map((each) => each.name).join(', ')}`)
  const target = new URL(fault.file, root).href
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url.split('?')[0] !== target) return loaded
      const source = String(loaded.source)
      const places = source.split(fault.find).length - 1
      if (places !== 1) throw new Error(`fault ${name}: its place is ${places} times in ${fault.file}, not once`)
      return { ...loaded, source: source.replace(fault.find, () => fault.replace) }
    },
  })
}
