// The commands that mend: what is in quarantine, and ranges that are to be brought once more.
import type { Command } from 'commander'
import { SetupError } from '../domain/failures.ts'
import type { CommonOptions } from './options.ts'

type Common = (command: Command) => CommonOptions
type Finish = (code: number) => void

export function addRepairCommands(program: Command, common: Common, finish: Finish): void {
  const quarantine = program
    .command('quarantine')
    .description('what no destination, or one of them, did not take: see it, send it again, take it out')
  addLooking(quarantine, common, finish)
  addReplay(quarantine, common, finish)
  addExport(quarantine, common, finish)
  addBackfill(program, common, finish)
}

interface Selection {
  readonly destination?: string
  readonly receiver?: string
  readonly reason?: string
  readonly since?: string
  readonly until?: string
}

function selecting(command: Command): Command {
  return command
    .option('--destination <id>', "this destination's, and those kept on behalf of every one")
    .option('--receiver <id>', 'of this receiver')
    .option('--reason <text>', 'with this in their reason')
    .option('--since <time>', 'kept since then: RFC 3339, or a time ago such as 7d')
    .option('--until <time>', 'kept before that')
}

function addLooking(quarantine: Command, common: Common, finish: Finish): void {
  selecting(quarantine.command('list'))
    .description('how much is there and why, and the entries')
    .option('--limit <number>', 'most entries printed one by one', '50')
    .action(async (_options: unknown, command: Command) => {
      const { listQuarantine } = await import('./quarantine/list.ts')
      const { limit, ...selected } = command.opts<Selection & { limit: string }>()
      finish(await listQuarantine({ ...common(command), ...selected, limit: whole('--limit', limit) }))
    })
  quarantine
    .command('show')
    .description('one entry, as its destination would get it: what its pipeline redacts is redacted')
    .argument('<id>', 'its number')
    .option('--original', 'print the bytes as they were read, redacted by nothing')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { showQuarantine } = await import('./quarantine/show.ts')
      finish(await showQuarantine({ ...common(command), id, original: command.opts()['original'] === true }))
    })
}

function addReplay(quarantine: Command, common: Common, finish: Finish): void {
  selecting(quarantine.command('replay'))
    .description("send entries again, through today's processors")
    .argument('[ids...]', 'their numbers; without any, what the options name')
    .option('--all', 'everything')
    .option('--why <text>', 'for the record of the act')
    .option('--dry-run', 'tell what would be sent again, and send nothing')
    .action(async (ids: readonly string[], _options: unknown, command: Command) => {
      const { replayQuarantine } = await import('./quarantine/replay.ts')
      const { all, dryRun, ...rest } = command.opts<Selection & { all?: boolean; dryRun?: boolean; why?: string }>()
      finish(await replayQuarantine({ ...common(command), ...rest, ids, all: all === true, dryRun: dryRun === true }))
    })
}

function addExport(quarantine: Command, common: Common, finish: Finish): void {
  selecting(quarantine.command('export'))
    .description('write entries with their original bytes as NDJSON; they stay where they are')
    .argument('<file>', 'a new file, for this user alone; - for standard output')
    .option('--why <text>', 'for the record of the act')
    .option('--dry-run', 'tell how many there are, and write nothing')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { exportQuarantine } = await import('./quarantine/export.ts')
      const { dryRun, ...rest } = command.opts<Selection & { dryRun?: boolean; why?: string }>()
      finish(await exportQuarantine({ ...common(command), ...rest, file, dryRun: dryRun === true }))
    })
}

interface Range {
  readonly from: string
  readonly to?: string
  readonly destination?: string
  readonly receiver?: string
  readonly force?: boolean
  readonly only?: string
  readonly why?: string
  readonly dryRun?: boolean
}

function addBackfill(program: Command, common: Common, finish: Finish): void {
  program
    .command('backfill')
    .description('bring a range of time to destinations once more; what arrived is not sent twice')
    .requiredOption('--from <time>', 'objects from then on: RFC 3339, a time ago such as 7d, or beginning')
    .option('--to <time>', 'objects before that; without it, now')
    .option('--destination <id>', 'for this destination alone')
    .option('--receiver <id>', 'from this receiver alone')
    .option('--force', 'send once more what arrived, too')
    .option('--only <glob>', 'send exactly what filters withheld of these actions, e.g. workflow.job.*')
    .option('--why <text>', 'for the record of the act')
    .option('--dry-run', 'tell what would be sent, and send nothing')
    .action(async (_options: unknown, command: Command) => {
      const { backfill } = await import('./backfill.ts')
      const { force, dryRun, ...rest } = command.opts<Range>()
      finish(await backfill({ ...common(command), ...rest, force: force === true, dryRun: dryRun === true }))
    })
}

function whole(option: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new SetupError(`${option} ${text} is no number of entries`)
}
