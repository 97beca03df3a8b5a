// What a command may ask of the process that holds the ledger, and what that process answers. A kind of request is a name,
// a reading of its body, and an act. The act may be cut off by a crash anywhere and is then begun again from the top, so
// it derives everything it writes from the request's number and the rows, never from how far it once got.

/** The request cannot be fulfilled as it was asked. Answered in these words, and not tried again. */
export class RequestRefused extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { readonly hint?: string } = {}) {
    super(message)
    this.name = 'RequestRefused'
    this.hint = options.hint
  }
}

/** One request at work. */
export interface Task {
  readonly id: number
  /** Who asked, and when by the clock of the machine it was asked on. */
  readonly by: string
  readonly at: number
  /** The process is to stop: whatever is thrown from then on leaves the request to the next one. */
  readonly signal: AbortSignal
  /** How far it is, for whoever waits: anything JSON can say. Some of it may never be shown. */
  report(progress: unknown): void
  /** Its own work is done, and it only waits for others' from here on: another request may begin. */
  rests(): void
}

/** Something that can be asked for. */
export interface RequestKind {
  /** e.g. `backfill`, `replay`, `gaps.ack`. */
  readonly name: string
  /** Whether lanes must run while it is at work. */
  readonly delivers: boolean
  /** Reads a body and returns the act over it. Throws RequestRefused for a body it does not take. */
  accept(body: unknown): (task: Task) => Promise<unknown>
  /** What is left to do once a request is answered, however. A crash may prevent it. */
  after?(body: string, id: number): Promise<void>
}

/** A kind whose act gets what `parse` made of the body; what the act resolves to is the answer, as JSON. */
export function requestKind<Body>(kind: {
  readonly name: string
  readonly delivers?: boolean
  /** Throws for a body that is none; what it says is the answer. */
  readonly parse: (body: unknown) => Body
  /**
   * Idempotent: begun again after a crash, it does what is left. Works in small steps (no transaction over 50 ms) and
   * awaits between them. Throws RequestRefused where it cannot be done; LedgerFailure is tried again.
   */
  readonly act: (body: Body, task: Task) => Promise<unknown>
  /** Tidies up once it is answered. */
  readonly after?: (body: Body, id: number) => Promise<void>
}): RequestKind {
  const { name, delivers = false, parse, act, after } = kind
  const accept = (body: unknown): ((task: Task) => Promise<unknown>) => {
    const parsed = parse(body)
    return (task) => act(parsed, task)
  }
  if (after === undefined) return { name, delivers, accept }
  const tidied = async (body: string, id: number): Promise<void> => {
    // What could not be read was not begun either.
    const read = attempted(() => parse(JSON.parse(body)))
    if (read !== undefined) await after(read.body, id)
  }
  return { name, delivers, accept, after: tidied }
}

function attempted<Body>(parse: () => Body): { readonly body: Body } | undefined {
  try {
    return { body: parse() }
  } catch {
    return undefined
  }
}

/** How a request ended. */
export type Answer = { readonly done: unknown } | { readonly refused: string; readonly hint?: string | undefined }

export function answerText(answer: Answer): string {
  return JSON.stringify('done' in answer ? { done: answer.done ?? null } : answer)
}

/** An answer as `answerText` wrote it. */
export function readAnswer(text: string): Answer {
  return JSON.parse(text) as Answer
}
