import type { CloudService, Counted } from '../requests.ts'

/** The part of an SDK client's middleware that is used here; every client has it, and no two have the same types. */
interface Stack {
  add(middleware: (next: Next, context: Context) => Next, options: typeof place): void
}
type Next = (args: never) => Promise<never>
interface Context {
  readonly commandName?: string
}

/** Behind the SDK's retries, so that every attempt comes by. */
const place = { step: 'deserialize', priority: 'low', name: 'countRequests', override: true } as const

/** What has a client of this service tell of its requests: `ListObjectsV2`, `ReceiveMessage`, `AssumeRole`. */
export function counting(service: CloudService, counted: Counted): { applyToStack(stack: unknown): void } {
  return {
    applyToStack: (stack) =>
      (stack as Stack).add(
        (next, { commandName = 'unknown' }) =>
          (args) => {
            counted(service, commandName.replace(/Command$/, ''))
            return next(args)
          },
        place,
      ),
  }
}
