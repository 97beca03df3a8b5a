// What happens to what the watch goes by, in random histories.
import type { Ledger } from '../../src/ledger/ledger.ts'
import { start } from './lane.ts'
import type { Numbers } from './steps-own.ts'
import { gapOf, lossOf } from './suite-watch.ts'

type Act = (ledger: Ledger, step: Numbers, now: number) => unknown

export const watchActs = {
  learn: (ledger, { a, b }) => ledger.watch.learn('bucket', [Math.floor(start / 60_000) - a, b]),
  note: (ledger, { a }) => ledger.watch.note(lossOf(`k${a}`)),
  taken: (ledger, { a, b }) =>
    ledger.together(() => {
      const noted = ledger.watch.noted(1 + (a % 3))
      for (const { id } of noted) ledger.watch.taken(id)
      if (b % 4 === 0) ledger.rename('nobody', 'somebody')
    }),
  keep: (ledger, { a, b, c }, now) => ledger.watch.keep(gapOf(`g${a % 5}`, now - b, c % 2 === 0 ? undefined : now)),
  forgetGaps: (ledger, { a }, now) => ledger.watch.forgetGaps(now - a * 200),
  memorize: (ledger, { a, b }) => ledger.watch.remember(`m${a % 2}`, `${b}`),
} satisfies Record<string, Act>
