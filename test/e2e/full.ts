// Every case at its full size, with the figures as measured:
//   node --conditions=@circleci-audit-forwarder/source test/e2e/full.ts [case ...] [--small]
import { cases } from './cases.ts'
import type { Case, Size } from './stage/case.ts'
import { seconds } from './stage/case.ts'

const args = process.argv.slice(2)
const size: Size = args.includes('--small') ? 'small' : 'full'
const named = args.filter((arg) => !arg.startsWith('--'))
const unknown = named.filter((name) => !cases.some((one) => one.name === name))
if (unknown.length > 0) {
  console.error(`no case ${unknown.join(', ')}; there are ${cases.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

let failed = 0
const chosen = cases.filter(({ name }) => named.length === 0 || named.includes(name))
for (const one of chosen) if (!(await played(one))) failed += 1
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function played(one: Case): Promise<boolean> {
  const begun = performance.now()
  const took = (): string => `${seconds(performance.now() - begun)} s`
  try {
    const figures = Object.entries(await one.run(size)).map(([name, value]) => `${name}=${value}`)
    console.log(`ok    ${one.name.padEnd(20)} ${took().padStart(9)}  ${figures.join(' ')}`)
    return true
  } catch (error) {
    console.log(`FAIL  ${one.name.padEnd(20)} ${took().padStart(9)}  ${error instanceof Error ? error.stack : error}`)
    return false
  }
}
