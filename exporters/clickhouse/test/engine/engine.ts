// ClickHouse's engine in this process, one statement at a time. Settings, database and parameters hold for one statement
// only, as over HTTP, so they are set before it and taken back after it.
import { Session } from 'chdb'
import type { Statement } from './statement.ts'

/** What came of a statement. */
export interface Result {
  readonly bytes: Buffer
  readonly elapsedMs: number
  /** Rows of an INSERT's body. */
  readonly rows: number
}

export class Engine {
  readonly #session: Session
  readonly #profile: Readonly<Record<string, string>>
  #last: Promise<unknown> = Promise.resolve()

  /** `profile`: settings that hold where a statement says nothing, as a user's profile on a server. */
  constructor(path: string, profile: Readonly<Record<string, string>> = {}) {
    this.#session = new Session(path)
    this.#profile = profile
  }

  /** Rejects with the engine's error. */
  run(statement: Statement): Promise<Result> {
    const next = this.#last.then(() => this.#run(statement))
    this.#last = next.catch(() => undefined)
    return next
  }

  close(): void {
    this.#session.close()
  }

  async #run(statement: Statement): Promise<Result> {
    const begun = performance.now()
    const { database, sql, params, format, hasData } = statement
    const settings = { ...this.#profile, ...statement.settings }
    try {
      await this.#session.queryAsync(`USE ${identifier(database ?? 'default')}`)
      await this.#set(Object.entries(settings).map(([name, value]) => `${name} = ${literal(value)}`))
      const bound = Object.keys(params).length > 0
      const result = bound
        ? await this.#session.queryBindAsync(sql, params, { format })
        : await this.#session.queryAsync(sql, { format })
      const rows = hasData ? sql.split('\n').filter((line) => line.startsWith('{') || line.startsWith('[')).length : 0
      return { bytes: Buffer.from(result.bytes()), elapsedMs: performance.now() - begun, rows }
    } finally {
      await this.#set(Object.keys(settings).map((name) => `${name} = DEFAULT`)).catch(() => undefined)
    }
  }

  async #set(assignments: readonly string[]): Promise<void> {
    if (assignments.length > 0) await this.#session.queryAsync(`SET ${assignments.join(', ')}`)
  }
}

function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``
}

function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
