// The program's own log: one line per event, JSON on a pipe and readable on a terminal. Written in the calling thread,
// because a line that waits in a worker is lost with the crash it explains; lines are few, events of the audit log are
// not among them.
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { TelemetryEvent } from './events.ts'
import { redact, redactDeep } from './redact.ts'
import { Repeats } from './repeats.ts'
import { oneLine } from './units.ts'
import { type Level, sentence } from './wording.ts'

export interface LogOptions {
  readonly level: Level
  /** `auto`: text on a terminal, JSON otherwise. */
  readonly format: 'json' | 'text' | 'auto'
  readonly stream: { write(text: string): unknown }
  readonly isTTY: boolean
  readonly now: () => number
  /** Values that must appear in no line. */
  readonly secrets: readonly string[]
}

const repeatWindowMs = 10_000

/** A function that writes one line per event, warnings and errors that repeat at most once per ten seconds. Never throws. */
export function createLog(options: LogOptions): (event: TelemetryEvent) => void {
  const log = new Log(options)
  return (event) => log.tell(event)
}

class Log {
  readonly #pino: Logger
  readonly #now: () => number
  readonly #secrets: readonly string[]
  readonly #repeats = new Repeats<TelemetryEvent>({ windowMs: repeatWindowMs, capacity: 1000 })

  constructor(options: LogOptions) {
    this.#now = options.now
    this.#secrets = options.secrets
    this.#pino = pino(
      {
        level: options.level,
        base: null,
        messageKey: 'message',
        timestamp: () => `,"time":"${new Date(options.now()).toISOString()}"`,
        formatters: { level: (level) => ({ level }) },
      },
      destination(options),
    )
  }

  tell(event: TelemetryEvent): void {
    try {
      const now = this.#now()
      for (const { told, count } of this.#repeats.close(now)) this.#write(told, count)
      const [level] = sentence(event)
      // Most events are told below the level that is written: what follows costs more than sending the batch it is about.
      if (this.#pino.isLevelEnabled(level) && this.#admits(level, event, now)) this.#write(event, 0)
      if (event.type === 'stopped') for (const { told, count } of this.#repeats.drain()) this.#write(told, count)
    } catch {
      // A log that cannot be written must not stop the deliveries it is about.
    }
  }

  #admits(level: Level, event: TelemetryEvent, now: number): boolean {
    const limited = level === 'warn' || level === 'error'
    return !limited || this.#repeats.admit(identity(event), event, now)
  }

  #write(event: TelemetryEvent, suppressed: number): void {
    const [level, text] = sentence(event)
    const message = suppressed === 0 ? text : `${text} (and ${suppressed} more times)`
    const fields = redactDeep({ ...fieldsOf(event), ...(suppressed > 0 && { suppressed }) }, this.#secrets)
    this.#pino[level](fields as object, oneLine(redact(message, this.#secrets)))
  }
}

/**
 * What makes two warnings the same one: kind, who, why. The key of the object is not part of it, nor what a destination
 * remarked: it may count something in every remark.
 */
function identity(event: TelemetryEvent): string {
  const { destination, receiver, reason, where } = event as Partial<Record<string, unknown>>
  return JSON.stringify([event.type, destination ?? receiver ?? where, reason])
}

function fieldsOf(event: TelemetryEvent): Record<string, unknown> {
  const { type, ...fields } = event
  if (event.type !== 'bug') return { event: type, ...fields }
  return { event: type, where: event.where, ...errorFields(event.error) }
}

function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) }
  return { error: `${error.name}: ${error.message}`, stack: error.stack }
}

function destination(options: LogOptions): { write(line: string): void } {
  const text = options.format === 'text' || (options.format === 'auto' && options.isTTY)
  if (!text) return { write: (line) => void options.stream.write(line) }
  const prettify = pretty.prettyFactory({
    colorize: options.isTTY,
    singleLine: true,
    messageKey: 'message',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss',
    // The sentence says it all; whoever wants the fields takes JSON. A bug's stack is the exception.
    hideObject: true,
    messageFormat: (line, key) => `${line[key]}${typeof line['stack'] === 'string' ? `\n${line['stack']}` : ''}`,
  })
  return { write: (line) => void options.stream.write(`${prettify(line).trimEnd()}\n`) }
}
