// The command line. Each command is a file that is loaded when it is called for, so that `validate` does not wait for
// the AWS SDK; this file knows their options and nothing of what they do. Exit codes: 0 done, 1 failed, 2 usage or
// configuration.
import { fileURLToPath } from 'node:url'
import { Argument, Command, CommanderError } from 'commander'
import { SetupError } from '../domain/failures.ts'
import { LedgerFailure } from '../ledger/failure.ts'
import { addGapCommands } from './gap-commands.ts'
import type { CommonOptions } from './options.ts'
import { addRepairCommands } from './repair-commands.ts'
import { version } from './version.ts'

const root = new URL('../../', import.meta.url)

/** Runs the program with these arguments. Resolves to the exit code; never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on('error', leaveWithReader)
  let code = 0
  const program = commands((result) => {
    code = result
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return complain(error, args.includes('--json'))
  }
}

/** `print-config | head` closes our output; that is no failure. */
function leaveWithReader(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
}

function complain(error: unknown, json: boolean): number {
  const isSetup = error instanceof SetupError
  const inWords = isSetup || error instanceof LedgerFailure
  const message = inWords ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  const hint = inWords ? error.hint : undefined
  const problems = isSetup && 'problems' in error ? { problems: error.problems } : {}
  if (json) console.error(JSON.stringify({ error: message, hint, ...problems }))
  else console.error(hint === undefined ? message : `${message}\n    hint: ${hint}`)
  return isSetup ? 2 : 1
}

const subjects = ['config', 'reference', 'clickhouse'] as const

type Finish = (code: number) => void

/** The program's commands and options; `finish` is told the exit code of the one that ran. */
export function commands(finish: Finish): Command {
  const program = new Command('circleci-audit-forwarder')
    .description('Forwards CircleCI audit logs from a bucket to SIEMs. Without a command it is `run`.')
    .version(version(), '--version', 'print the version')
    .option('-c, --config <file>', 'configuration file; without it, the quick start')
    .option('--json', 'write for programs')
    .showHelpAfterError('(--help lists commands and options)')
    .exitOverride()
  addRun(program, finish)
  addConfigCommands(program, finish)
  addPolicy(program, finish)
  addReadingCommands(program, finish)
  addImport(program, finish)
  addGapCommands(program, common, finish)
  addRepairCommands(program, common, finish)
  return program
}

function addRun(program: Command, finish: Finish): void {
  program
    .command('run', { isDefault: true })
    .description('forward until told to stop')
    .option('--once', 'stop when everything is caught up')
    .option('--timeout <duration>', 'with --once: give up on destinations that make no progress for so long', '60s')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const [word] = command.args
      if (word !== undefined) return unknownCommand(program, word)
      const { run } = await import('./run.ts')
      const { once, timeout } = command.opts<{ once?: boolean; timeout: string }>()
      finish(await run({ ...common(command), once: once === true, timeoutMs: await milliseconds(timeout) }))
    })
}

function addConfigCommands(program: Command, finish: Finish): void {
  program
    .command('validate')
    .description('check the configuration without connecting anywhere')
    .action(async (_options: unknown, command: Command) => {
      const { validate } = await import('./validate.ts')
      finish(await validate(common(command)))
    })
  program
    .command('print-config')
    .description('print the configuration with all defaults, secrets masked')
    .action(async (_options: unknown, command: Command) => {
      const { printConfig } = await import('./print-config.ts')
      finish(await printConfig(common(command)))
    })
  program
    .command('schema')
    .description('print what configuration files may say, plugins included; or the DDL of a ClickHouse table')
    .addArgument(
      new Argument('<subject>', '`config` as JSON Schema, `reference` as a page, `clickhouse` as DDL').choices(
        subjects,
      ),
    )
    .option('--layout <layout>', 'clickhouse: this layout, in place of what is configured')
    .option('--cluster <name>', 'clickhouse: create the table on this cluster, replicated')
    .option('--plain-types', 'clickhouse: types without LowCardinality')
    .action(async (subject: (typeof subjects)[number], _options: unknown, command: Command) => {
      finish(await printSchema(subject, command))
    })
}

function addPolicy(program: Command, finish: Finish): void {
  const several = (value: string, before: readonly string[]): readonly string[] => [...before, value]
  program
    .command('policy')
    .description('print the least that a cloud must allow for the configuration; connects nowhere')
    .addArgument(new Argument('<cloud>', 'IAM policies, one for each identity').choices(['aws']))
    .option('--bucket-key <arn>', "KMS key of a bucket's objects; RECEIVER=ARN where there are several", several, [])
    .option('--queue-key <arn>', "KMS key of a queue's messages; the same", several, [])
    .option('--only <identity>', 'the policy of this role alone, or of the `process`')
    .option('--without-doctor', 'leave out what `doctor` alone asks')
    .action(async (_cloud: string, _options: unknown, command: Command) => {
      const { policy } = await import('./policy.ts')
      const { bucketKey, queueKey, only, withoutDoctor } = command.opts<{
        bucketKey: readonly string[]
        queueKey: readonly string[]
        only?: string
        withoutDoctor?: boolean
      }>()
      const keys = { bucketKeys: bucketKey, queueKeys: queueKey }
      finish(await policy({ ...common(command), ...keys, only, withoutDoctor: withoutDoctor === true }))
    })
}

async function printSchema(subject: (typeof subjects)[number], command: Command): Promise<number> {
  if (subject !== 'clickhouse') return (await import('./schema.ts')).schema(subject, common(command))
  const { layout, cluster, plainTypes } = command.opts<{ layout?: string; cluster?: string; plainTypes?: boolean }>()
  const { schemaOfClickHouse } = await import('./schema-clickhouse.ts')
  return schemaOfClickHouse({ ...common(command), layout, cluster, plainTypes: plainTypes === true })
}

function addReadingCommands(program: Command, finish: Finish): void {
  addDoctor(program, finish)
  program
    .command('status')
    .description('show what is delivered, outstanding and missing')
    .option('--admin <url>', "ask a running forwarder's status API instead of the ledger")
    .option('--watch', 'on a terminal: show it again every two seconds, with a calendar of hours, until Ctrl-C')
    .action(async (_options: unknown, command: Command) => {
      const { status } = await import('./status.ts')
      const { admin, watch } = command.opts<{ admin?: string; watch?: boolean }>()
      finish(await status({ ...common(command), admin, watch: watch === true }))
    })
  program
    .command('profile')
    .description('read a store and tell what is in it; nothing is sent')
    .argument(
      '[store]',
      's3://bucket/prefix, gs://bucket/prefix, azblob://account/container/prefix or a folder; without it the configured stores',
    )
    .option('--from <time>', 'begin here: RFC 3339, or a time ago such as 7d', '7d')
    .option('--to <time>', 'end here; without it, now')
    .option('--objects <number>', 'most objects to read, the newest first', Number)
    .option('--shape', 'print names and types only, no value')
    .action(async (store: string | undefined, _options: unknown, command: Command) => {
      const { profile } = await import('./profile.ts')
      const { shape, ...range } = command.opts<{ shape?: boolean; from: string; to?: string; objects?: number }>()
      finish(await profile({ ...common(command), ...range, store, shape: shape === true }))
    })
}

function addImport(program: Command, finish: Finish): void {
  program
    .command('import')
    .description('forward what an audit-log CSV holds and the stream did not bring')
    .argument(
      '[files...]',
      'CSV or JSON, also compressed; - for standard input. Without one, go on with imports that are not done',
    )
    .option('--receiver <id>', 'whose events they hold; needed where there are several receivers')
    .option('--dry-run', 'tell what would be forwarded, and forward nothing')
    .option('--accept-repeats', 'go on although events of objects that are gone from the store cannot be recognised')
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const { importFiles } = await import('./import.ts')
      const { receiver, dryRun, acceptRepeats } = command.opts<{
        receiver?: string
        dryRun?: boolean
        acceptRepeats?: boolean
      }>()
      const chosen = { receiver, dryRun: dryRun === true, acceptRepeats: acceptRepeats === true }
      finish(await importFiles({ ...common(command), files, ...chosen }))
    })
}

function addDoctor(program: Command, finish: Finish): void {
  program
    .command('doctor')
    .description('prove what can be proven about every store, queue and destination; sends no data')
    .option('--canary', 'send one marked event to each destination, and look for it there')
    .option('--timeout <duration>', 'give each of them so long to answer', '20s')
    .action(async (_options: unknown, command: Command) => {
      const { doctor } = await import('./doctor.ts')
      const { canary, timeout } = command.opts<{ canary?: boolean; timeout: string }>()
      finish(await doctor({ ...common(command), canary: canary === true, timeoutMs: await milliseconds(timeout) }))
    })
}

async function milliseconds(text: string): Promise<number> {
  const { duration } = await import('@circleci-audit-forwarder/contract')
  const parsed = duration.safeParse(text)
  if (parsed.success) return parsed.data
  throw new SetupError(`--timeout ${text} is no duration`, { hint: 'write it like 60s or 5m' })
}

function common(command: Command): CommonOptions {
  const { config, json } = command.optsWithGlobals<{ config?: string; json?: boolean }>()
  return { config: config ?? fileURLToPath(new URL('deploy/quickstart/config.yaml', root)), json: json === true }
}

async function unknownCommand(program: Command, word: string): Promise<never> {
  const { nearest } = await import('../config/spelling.ts')
  const near = nearest(
    word,
    program.commands.map((command) => command.name()),
  )
  return program.error(`error: there is no command '${word}'${near === undefined ? '' : `; did you mean '${near}'?`}`)
}
