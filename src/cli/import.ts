// `import`: copies a file beside the ledger, looks whether it is an audit log, and has it forwarded, by the running
// forwarder or, where there is none, by itself. Interrupted it loses nothing but time: what is copied is asked for, and what
// is asked for is gone on with by whoever holds the ledger next.
import { createReadStream } from 'node:fs'
import type { Loaded } from '../config/load.ts'
import { SetupError, SourceFailure } from '../domain/failures.ts'
import type { Answer } from '../domain/request.ts'
import { openSqliteLedger } from '../ledger/sqlite/ledger.ts'
import { type ImportBody, isSameImport } from '../pipeline/imports/body.ts'
import type { ImportReport } from '../pipeline/imports/report.ts'
import { type Survey, survey } from '../pipeline/imports/survey.ts'
import { decodeImport } from '../receiver/csv/decode.ts'
import type { Staging } from '../receiver/imports/staging.ts'
import { type Asking, fulfilled, ledgerPath } from './asking.ts'
import { importText, progressText, stagingText, waitingText } from './import/text.ts'
import { load } from './load.ts'
import type { ImportOptions } from './options.ts'
import { ProgressLine } from './progress-line.ts'
import { openStaging } from './staging.ts'

/** One import as it is asked for. */
interface Wanted {
  readonly kind: 'import' | 'import.dry'
  readonly body: ImportBody
}

/** 0 when everything was imported, 1 when not. Throws SetupError and ConfigError. */
export async function importFiles(options: ImportOptions): Promise<number> {
  const loaded = await load(options)
  const staging = openStaging(loaded.config)
  // Says by itself that there must be a file.
  if (staging === undefined) return ledgerPath(loaded, true).length
  let code = 0
  if (options.files.length === 0) {
    for (const wanted of unfinished(loaded)) code = Math.max(code, await forwarded(loaded, wanted, options))
    return code
  }
  const receiver = receiverOf(loaded, options)
  for (const name of options.files)
    code = Math.max(code, await importFile(name, receiver, { loaded, staging, options }))
  return code
}

interface Place {
  readonly loaded: Loaded
  readonly staging: Staging
  readonly options: ImportOptions
}

async function importFile(name: string, receiver: string, { loaded, staging, options }: Place): Promise<number> {
  const line = new ProgressLine()
  try {
    const staged = await staging.stage(shown(name, line))
    await mustHoldEvents(staged.name, staging)
    const { dryRun, acceptRepeats } = options
    const body = { staged: staged.name, name, receiver, acceptRepeats }
    return await forwarded(loaded, { kind: dryRun ? 'import.dry' : 'import', body }, options)
  } catch (error) {
    line.clear()
    if (!(error instanceof SourceFailure)) throw error
    return failed(`${name} is not imported: ${error.message}`, error.hint, options)
  } finally {
    line.clear()
  }
}

/** The file's bytes, and on a terminal how many there were. */
async function* shown(name: string, line: ProgressLine): AsyncGenerator<Uint8Array> {
  let read = 0
  const source = name === '-' ? process.stdin : createReadStream(name, { highWaterMark: 256 * 1024 })
  try {
    for await (const bytes of source) {
      yield bytes
      read += bytes.length
      line.show(stagingText(name, read))
    }
  } catch (error) {
    throw new SourceFailure(`it cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/** Looked at before anything is asked for, so that a wrong file is said at once and leaves nothing behind. */
async function mustHoldEvents(staged: string, staging: Staging): Promise<Survey> {
  const found = await survey(decodeImport(staging.read({ key: staged }, new AbortController().signal)))
  if (found.rows > 0) return found
  await staging.remove(staged)
  if (found.unreadable === 0) {
    throw new SourceFailure('it holds no events', { hint: 'a request for an audit log may succeed with no results' })
  }
  const { reason = '' } = found
  throw new SourceFailure(reason, {
    hint: 'download the audit log as CSV (organization settings, security, audit logs), and import it as it is',
  })
}

function receiverOf({ config }: Loaded, { receiver }: ImportOptions): string {
  const ids = [...new Set(Object.values(config.service.pipelines).flatMap(({ receivers }) => receivers))]
  if (receiver !== undefined && ids.includes(receiver)) return receiver
  const [only, ...others] = ids
  if (receiver === undefined && only !== undefined && others.length === 0) return only
  const what =
    receiver === undefined ? 'there are several receivers' : `there is no receiver ${receiver} in any pipeline`
  throw new SetupError(what, { hint: `say whose events the file holds: --receiver ${ids.join(' or --receiver ')}` })
}

/** What was asked for and has no answer. */
function unfinished(loaded: Loaded): readonly Wanted[] {
  const ledger = openSqliteLedger({ path: ledgerPath(loaded), readOnly: true })
  try {
    const asked = ledger.asked().filter(({ kind }) => kind === 'import')
    return asked.map(({ body }) => ({ kind: 'import', body: JSON.parse(body) as ImportBody }))
  } finally {
    ledger.close()
  }
}

async function forwarded(loaded: Loaded, { kind, body }: Wanted, options: ImportOptions): Promise<number> {
  const line = new ProgressLine()
  const say = onceEach(body.name)
  const asking: Asking = {
    kind,
    body,
    show: (progress) => {
      line.show(progressText(body.name, progress))
      say(waitingText(progress))
    },
    say: (text) => {
      line.clear()
      console.error(`${body.name}: ${text}`)
    },
    joins: (request) => isSameImport(request.body, body),
    mayBegin: true,
  }
  try {
    const { answer } = await fulfilled(loaded, asking)
    line.clear()
    return told(body.name, answer, options)
  } finally {
    line.clear()
  }
}

/** Where there is no terminal that shows how far it is, what keeps it waiting is said, each reason once. */
function onceEach(name: string): (text: string | undefined) => void {
  const said = new Set<string | undefined>([undefined])
  return (text) => {
    if (process.stderr.isTTY !== true && !said.has(text)) console.error(`${name}: ${text}`)
    said.add(text)
  }
}

function told(name: string, answer: Answer | undefined, options: ImportOptions): number {
  if (answer === undefined) {
    const hint = 'the forwarder goes on with it; without one, `import` without a file does'
    return failed(`${name} is not wholly imported yet`, hint, options)
  }
  if ('refused' in answer) return failed(`${name} is not imported: ${answer.refused}`, answer.hint, options)
  const report = answer.done as ImportReport
  console.log(options.json ? JSON.stringify(report) : importText(report))
  return report.destinations.some(({ lost }) => lost) ? 1 : 0
}

function failed(message: string, hint: string | undefined, { json }: ImportOptions): number {
  if (json) console.error(JSON.stringify({ error: message, hint }))
  else console.error(hint === undefined ? message : `${message}\n    hint: ${hint}`)
  return 1
}
