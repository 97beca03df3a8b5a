// `status`: once, as JSON for programs, or again and again on a terminal.
import { ConfigError } from '../config/problem.ts'
import { SetupError } from '../domain/failures.ts'
import type { StatusOptions } from './options.ts'
import { type StatusSource, statusSource } from './status-source.ts'
import { statusText } from './status-text.ts'
import { watchStatus } from './status-watch.ts'

/** Prints the state of every destination. 0 when it could be read, 1 when not; throws ConfigError. */
export async function status(options: StatusOptions): Promise<number> {
  const source = statusSource(options)
  try {
    if (options.watch === true) await watched(source, options)
    else {
      const document = await source.status()
      console.log(options.json ? JSON.stringify(document, null, 2) : statusText(document))
    }
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

async function watched(source: StatusSource, { json }: StatusOptions): Promise<void> {
  if (json || !process.stdout.isTTY) {
    throw new SetupError('status --watch draws on a terminal', {
      hint: 'leave out --watch, and ask as often as you like',
    })
  }
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort())
  await watchStatus(source, { out: process.stdout, signal: end.signal })
}
