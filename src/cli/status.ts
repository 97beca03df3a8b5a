// `status`: from the ledger beside a running forwarder or without one, or with --admin from the forwarder itself, which
// also knows what is on its way.
import { type StatusDocument, statusDocument } from '../admin/status.ts'
import { ConfigError } from '../config/problem.ts'
import { SetupError } from '../domain/failures.ts'
import { openSqliteLedger } from '../ledger/sqlite/ledger.ts'
import { load } from './load.ts'
import type { StatusOptions } from './options.ts'
import { statusText } from './status-text.ts'

const timeoutMs = 10_000
const longestAnswer = 16 * 1024 * 1024

/** Prints the state of every destination. 0 when it could be read, 1 when not; throws ConfigError. */
export async function status(options: StatusOptions): Promise<number> {
  try {
    const document = options.admin === undefined ? await fromLedger(options) : await fromAdmin(options.admin, options)
    console.log(options.json ? JSON.stringify(document, null, 2) : statusText(document))
    return 0
  } catch (error) {
    if (!(error instanceof SetupError) || error instanceof ConfigError) throw error
    const { message, hint } = error
    console.error(
      options.json
        ? JSON.stringify({ error: message, hint })
        : [message, ...(hint ? [`    hint: ${hint}`] : [])].join('\n'),
    )
    return 1
  }
}

async function fromLedger(options: StatusOptions): Promise<StatusDocument> {
  const { config } = await load(options)
  const path = config.service.ledger.sqlite?.path
  if (path === undefined) {
    throw new SetupError('a ledger in memory can be read by its own forwarder only', {
      hint: 'ask it with --admin URL (service.admin.endpoint)',
    })
  }
  const ledger = openSqliteLedger({ path, readOnly: true })
  try {
    return statusDocument({
      accounts: ledger.accounts(),
      retired: ledger.retired(),
      belongings: ledger.belongings.all(),
      totals: ledger.totals(),
      receivers: Object.keys(config.receivers),
      now: Date.now(),
    })
  } finally {
    ledger.close()
  }
}

async function fromAdmin(admin: string, options: StatusOptions): Promise<StatusDocument> {
  const url = statusUrl(admin)
  const token = await tokenFor(options)
  const answer = await ask(url, token)
  if (answer.status === 401) {
    throw new SetupError(`${url} wants a token`, {
      hint: 'set service.admin.token in the configuration file named by --config, or CIRCLECI_AUDIT_FORWARDER_ADMIN_TOKEN',
    })
  }
  if (!answer.ok) throw new SetupError(`${url} answered ${answer.status} ${(await answer.text()).slice(0, 200).trim()}`)
  return read(url, await answer.text())
}

function statusUrl(admin: string): URL {
  const text = /^https?:\/\//.test(admin) ? admin : `http://${admin}`
  if (!URL.canParse(text)) throw new SetupError(`--admin ${admin} is no URL`, { hint: 'write http://127.0.0.1:8686' })
  return new URL('/api/status', text)
}

/** From the environment, else from the configuration where there is a usable one: with --admin none is needed. */
async function tokenFor(options: StatusOptions): Promise<string | undefined> {
  const given = process.env['CIRCLECI_AUDIT_FORWARDER_ADMIN_TOKEN']
  if (given !== undefined) return given
  return load(options).then(
    ({ config }) => config.service.admin.token,
    () => undefined,
  )
}

async function ask(url: URL, token: string | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  } catch (error) {
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new SetupError(`cannot ask ${url}: ${reason}`, {
      hint: 'is the forwarder running, and is this its service.admin.endpoint?',
      cause: error,
    })
  }
}

function read(url: URL, text: string): StatusDocument {
  try {
    if (text.length > longestAnswer) throw new Error('too long')
    const document = JSON.parse(text) as StatusDocument
    if (!Array.isArray(document.destinations) || !Array.isArray(document.receivers)) throw new Error('no destinations')
    // An older forwarder says nothing of it.
    return { ...document, retired: document.retired ?? [] }
  } catch (error) {
    throw new SetupError(`${url} answered something that is no status`, { cause: error })
  }
}
