// The server's end of the channel to the test: one request at a time by name, one answer each. The server ends when the
// test does, however that ends.
type Handler = (argument: never) => unknown

export interface Call {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string }

/** Answers the parent process with these handlers until it goes away. */
export function serve(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', (call: Call) => void answer(call, handlers[call.name]))
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: 0, value: 'ready' } satisfies Answer)
}

async function answer({ id, name, argument }: Call, handler: Handler | undefined): Promise<void> {
  try {
    if (handler === undefined) throw new Error(`there is no ${name}`)
    process.send?.({ id, value: await handler(argument as never) } satisfies Answer)
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
