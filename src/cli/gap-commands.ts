// The commands about what is missing.
import type { Command } from 'commander'
import { LATELY } from '../admin/gaps.ts'
import { SetupError } from '../domain/failures.ts'
import type { CommonOptions } from './options.ts'

type Common = (command: Command) => CommonOptions
type Finish = (code: number) => void

export function addGapCommands(program: Command, common: Common, finish: Finish): void {
  const gaps = program.command('gaps').description('what is missing, or may be: see it, understand it, answer for it')
  gaps
    .command('list', { isDefault: true })
    .description('the open gaps, worst first, and the latest that are over')
    .option('--closed <number>', 'most gaps printed that are over', String(LATELY))
    .action(async (_options: unknown, command: Command) => {
      const { listGaps } = await import('./gaps/list.ts')
      const closed = whole('--closed', command.opts<{ closed: string }>().closed)
      finish(await listGaps({ ...common(command), closed }))
    })
  gaps
    .command('explain')
    .description('one gap: what was seen, how it ended, and what to do')
    .argument('<id>', 'its id, or enough of its beginning')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { explainGap } = await import('./gaps/explain.ts')
      finish(await explainGap({ ...common(command), id }))
    })
  gaps
    .command('ack')
    .description('answer for a gap: who, when and why are on record')
    .argument('<id>', 'its id, or enough of its beginning')
    .requiredOption('--note <text>', 'why it need not be mended, or how it was')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { acknowledgeGap } = await import('./gaps/ack.ts')
      finish(await acknowledgeGap({ ...common(command), id, note: command.opts<{ note: string }>().note }))
    })
}

function whole(option: string, text: string): number {
  const number = Number(text)
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new SetupError(`${option} ${text} is no number of gaps`)
}
