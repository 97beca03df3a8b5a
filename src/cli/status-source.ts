// Where `status` looks: into the ledger, beside a running forwarder or without one, or with --admin at the forwarder itself,
// which also knows what is on its way.
import { gapStatuses, LATELY } from '../admin/gaps.ts'
import { type HoursDocument, hoursOf, judged } from '../admin/hours.ts'
import { type StatusDocument, statusDocument } from '../admin/status.ts'
import type { Config } from '../config/schema.ts'
import { SetupError } from '../domain/failures.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openSqliteLedger } from '../ledger/sqlite/ledger.ts'
import { View } from '../watch/view.ts'
import { load } from './load.ts'
import type { StatusOptions } from './options.ts'
import { watchRules } from './watching.ts'

const timeoutMs = 10_000
const longestAnswer = 16 * 1024 * 1024

export interface StatusSource {
  /** Both reject with SetupError, or ConfigError, when nothing can be read. */
  status(): Promise<StatusDocument>
  hours(): Promise<HoursDocument>
}

export function statusSource(options: StatusOptions): StatusSource {
  return options.admin === undefined ? ledgerSource(options) : adminSource(options.admin, options)
}

function ledgerSource(options: StatusOptions): StatusSource {
  const views = new Views()
  return {
    status: () => withLedger(options, (opened) => statusOf(opened, views.of(opened))),
    hours: () => withLedger(options, (opened) => hoursOf(opened.ledger, Date.now(), judged(views.of(opened)))),
  }
}

/** What can be said of the streams is learned from months of them: not for every picture anew. */
const VIEW_MS = 60_000

class Views {
  #last: { readonly view: View; readonly at: number } | undefined

  of({ ledger, config }: Opened): View {
    const now = Date.now()
    if (this.#last !== undefined && now - this.#last.at < VIEW_MS) return this.#last.view
    const rules = watchRules(config)
    const streams = [...rules.streams].map(([receiver, stream]) => ({ receiver, ...stream }))
    const view = new View({ ledger, streams, tell: () => {} })
    view.see()
    this.#last = { view, at: now }
    return view
  }
}

async function withLedger<T>(options: StatusOptions, use: (opened: Opened) => T): Promise<T> {
  const { config } = await load(options)
  const path = config.service.ledger.sqlite?.path
  if (path === undefined) {
    throw new SetupError('a ledger in memory can be read by its own forwarder only', {
      hint: 'ask it with --admin URL (service.admin.endpoint)',
    })
  }
  const ledger = openSqliteLedger({ path, readOnly: true })
  try {
    return use({ ledger, config })
  } finally {
    ledger.close()
  }
}

interface Opened {
  readonly ledger: Ledger
  readonly config: Config
}

function statusOf({ ledger, config }: Opened, view: View): StatusDocument {
  return statusDocument({
    accounts: ledger.accounts(),
    retired: ledger.retired(),
    belongings: ledger.belongings.all(),
    totals: ledger.totals(),
    gaps: gapStatuses(ledger.watch.gaps({ closed: LATELY })),
    floors: (receiver) => view.floors(receiver),
    receivers: Object.keys(config.receivers),
    now: Date.now(),
  })
}

function adminSource(admin: string, options: StatusOptions): StatusSource {
  return {
    status: async () => readStatus(await asked(urlOf(admin, '/api/status'), options)),
    hours: async () => readHours(await asked(urlOf(admin, '/api/hours'), options)),
  }
}

interface Answer {
  readonly url: URL
  readonly text: string
}

async function asked(url: URL, options: StatusOptions): Promise<Answer> {
  const answer = await ask(url, await tokenFor(options))
  if (answer.status === 401) {
    throw new SetupError(`${url} wants a token`, {
      hint: 'set service.admin.token in the configuration file named by --config, or CIRCLECI_AUDIT_FORWARDER_ADMIN_TOKEN',
    })
  }
  if (!answer.ok) throw new SetupError(`${url} answered ${answer.status} ${(await answer.text()).slice(0, 200).trim()}`)
  return { url, text: await answer.text() }
}

function urlOf(admin: string, path: string): URL {
  const text = /^https?:\/\//.test(admin) ? admin : `http://${admin}`
  if (!URL.canParse(text)) throw new SetupError(`--admin ${admin} is no URL`, { hint: 'write http://127.0.0.1:8686' })
  return new URL(path, text)
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

function readStatus(answer: Answer): StatusDocument {
  const document = parsed<StatusDocument>(answer)
  if (!Array.isArray(document.destinations) || !Array.isArray(document.receivers)) throw noStatus(answer)
  // An older forwarder says nothing of these.
  const receivers = document.receivers.map((receiver) => ({ ...receiver, floors: receiver.floors ?? [] }))
  return { ...document, receivers, retired: document.retired ?? [], gaps: document.gaps ?? [] }
}

function readHours(answer: Answer): HoursDocument {
  const document = parsed<HoursDocument>(answer)
  if (!Array.isArray(document.receivers)) throw noStatus(answer)
  return document
}

function parsed<Document>(answer: Answer): Document {
  if (answer.text.length > longestAnswer) throw noStatus(answer)
  try {
    return JSON.parse(answer.text) as Document
  } catch (error) {
    throw noStatus(answer, error)
  }
}

function noStatus({ url }: Answer, cause?: unknown): SetupError {
  return new SetupError(`${url} answered something that is no status`, { cause })
}
