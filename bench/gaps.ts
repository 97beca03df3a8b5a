// What the detector of silences is worth: false alarms and misses on invented histories, as a table. Options: --seeds N
// (200), --shape NAME, --small. Exits with 1 if a figure that is promised is not met; seeds are the same in every run, so
// that a few of them (`--small`, among the slower tests) tell of a detector that became worse, and of nothing else.
import { parseArgs } from 'node:util'
import { evaluate, hours, type Place, places, type Trial } from './gaps/evaluate.ts'
import { history, type Shape, shapes } from './gaps/histories.ts'

const WEEKS = 26
/** Promised: false alarms in thirteen weeks at most, and the share of holes of three hours and more in busy hours found. */
const MOST_ALARMS = 1
const LEAST_FOUND = 0.99

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, shape: { type: 'string' }, small: { type: 'boolean' } },
})
const seeds = Number(values.seeds ?? (values.small ? 6 : 200))
const chosen = shapes.filter((shape) => values.shape === undefined || shape.startsWith(values.shape))

interface Result {
  readonly shape: Shape
  readonly young: number
  readonly settled: number
  readonly worst: number
  readonly trials: readonly Trial[]
}

function run(shape: Shape): Result {
  const trials: Trial[] = []
  let [young, settled, worst] = [0, 0, 0]
  for (let seed = 1; seed <= seeds; seed += 1) {
    const evaluation = evaluate(history(shape, seed, WEEKS), seed, WEEKS)
    const [first, second] = [sum(evaluation.alarms.slice(0, WEEKS / 2)), sum(evaluation.alarms.slice(WEEKS / 2))]
    young += first
    settled += second
    worst = Math.max(worst, first, second)
    trials.push(...evaluation.trials)
    if (process.stderr.isTTY) process.stderr.write(`\r${shape} ${seed}/${seeds}  `)
  }
  return { shape, young: young / seeds, settled: settled / seeds, worst, trials }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function found(trials: readonly Trial[]): string {
  if (trials.length === 0) return '-'
  const told = trials.filter((trial) => trial.told !== undefined)
  const delays = told.map((trial) => trial.told ?? 0).sort((a, b) => a - b)
  const middle = delays.length === 0 ? '' : `, ${((delays[delays.length >> 1] ?? 0) / 60).toFixed(1)} h`
  return `${((100 * told.length) / trials.length).toFixed(1)} % of ${trials.length}${middle}`
}

function table(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows) console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`)
}

const results = chosen.map(run)
console.log(`\nfalse alarms in 13 weeks, ${seeds} histories each (promised: at most ${MOST_ALARMS})`)
table([
  ['shape', 'a new installation', 'from the 14th week', 'a week', 'the worst history'],
  ...results.map(({ shape, young, settled, worst }) => [
    shape,
    young.toFixed(2),
    settled.toFixed(2),
    (settled / 13).toFixed(3),
    String(worst),
  ]),
])
for (const place of places) {
  console.log(`\nholes told within an hour of the stream's resumption, and how long after their beginning: ${place}`)
  const cell = (result: Result, length: number) =>
    found(result.trials.filter((trial) => trial.place === place && trial.hours === length))
  table([
    ['shape', ...hours.map((length) => `${length} h`)],
    ...results.map((result) => [result.shape, ...hours.map((length) => cell(result, length))]),
  ])
}

const promised = (place: Place, hours: number) => place === 'busy hours' && hours >= 3
const busy = results.flatMap(({ trials }) => trials.filter(({ place, hours }) => promised(place, hours)))
const share = busy.length === 0 ? 1 : busy.filter(({ told }) => told !== undefined).length / busy.length
const loud = results.filter(({ young, settled }) => Math.max(young, settled) > MOST_ALARMS)
console.log(
  `\nholes of 3 h and more in busy hours: ${(100 * share).toFixed(2)} % of ${busy.length} told (promised: ${100 * LEAST_FOUND} %)`,
)
if (loud.length > 0) console.log(`too many false alarms: ${loud.map(({ shape }) => shape).join(', ')}`)
if (share < LEAST_FOUND || loud.length > 0) process.exitCode = 1
