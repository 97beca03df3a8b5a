// `npm run demo`: watch the forwarder through an outage. Open the page it prints, and press keys. At the end it says how
// many events were made, what each destination got of them, how often twice, and that nothing was lost.
//
// `npm run demo -- --tour` presses the keys itself, and ends with exit code 1 if anything was lost, if a silence opened no
// gap, or if its repair did not close it.
import { parseArgs } from 'node:util'
import { accountText, lostIn } from './account.ts'
import { tour } from './tour.ts'
import { type Name, names, World } from './world.ts'

const { tour: byItself = false, pace = '10' } = parseArgs({
  options: { tour: { type: 'boolean' }, pace: { type: 'string' } },
}).values

const PATIENCE_MS = 60_000

const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`)
const world = await World.open({ everyMs: 1_000, say })
let code = 1
try {
  say(`the page: ${world.page}`)
  if (byItself) await tour(world, Number(pace) * 1_000)
  else await played()
  say('the end: everything works again, and what is under way arrives')
  const account = await world.settle(PATIENCE_MS)
  console.log(`\n${accountText(account)}`)
  code = lostIn(account) === 0 ? 0 : 1
} finally {
  await world.close()
}
process.exitCode = code

/** Keys on a terminal, lines elsewhere, until `q`, Ctrl-C or the end of the input. */
async function played(): Promise<void> {
  const acts: Readonly<Record<string, () => Promise<unknown> | unknown>> = {
    h: () => world.holdBack(),
    s: () => world.swallow(),
    n: () => world.withhold(),
    k: () => world.kill(),
    i: async () => console.log(await world.import()),
    a: async () => console.log(accountText(await world.account())),
    ...Object.fromEntries(names.map((name: Name, index) => [String(index + 1), () => world.toggle(name)])),
  }
  console.log(help())
  process.stdin.setEncoding('utf8')
  if (process.stdin.isTTY) process.stdin.setRawMode(true)
  for await (const typed of process.stdin) {
    for (const key of String(typed)) {
      if (key === 'q' || key === '\u0003') return process.stdin.isTTY ? void process.stdin.setRawMode(false) : undefined
      await acts[key]?.()
    }
  }
}

function help(): string {
  const toggles = names.map((name, index) => `  ${index + 1}  take ${name} down, or bring it back`)
  return [
    ...toggles,
    '  h  hold objects back, or let them come: time runs, and within seconds a gap opens',
    '  s  let events vanish before they reach the bucket, or not: the same, and they never come',
    '  n  withhold notifications, or not',
    '  k  kill the forwarder (it starts again)',
    '  i  import the CSV of everything, as an administrator would: what vanished comes, and its gap is closed',
    '  a  the account so far',
    '  q  the end',
  ].join('\n')
}
