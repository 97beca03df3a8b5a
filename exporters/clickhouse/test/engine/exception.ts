// ClickHouse's exceptions on the wire. Which status belongs to which code: src/Server/HTTP/exceptionCodeToHTTPStatus.cpp;
// whatever it does not list is 500, bad data among it.

/** An exception of the engine, or one the front raises as a server would. */
export interface Exception {
  readonly code: number
  /** Without `Code: N. DB::Exception:` and without version. */
  readonly message: string
}

const STATUSES: readonly (readonly [number, readonly number[]])[] = [
  [400, [6, 8, 10, 15, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 72, 117, 321]],
  [401, [194]],
  [403, [192, 193, 497, 516]],
  [404, [46, 47, 50, 56, 60, 73, 81, 115]],
  [408, [159]],
  [415, [89]],
  [501, [48]],
  [503, [209, 439]],
]

export function httpStatus(code: number): number {
  return STATUSES.find(([, codes]) => codes.includes(code))?.[0] ?? 500
}

/** What the engine threw, as code and message: it repeats its own prefix and adds its version inside. */
export function exceptionOf(error: unknown): Exception {
  const text = error instanceof Error ? error.message : String(error)
  const found = /(?:Code: (\d+)\. DB::Exception: )+([\s\S]*)/.exec(text)
  if (found === null) return { code: 1002, message: text }
  const message = (found[2] ?? '').replace(/ \(version [^)]*\)[\s\S]*$/, '').trim()
  return { code: Number(found[1]), message }
}

/** The exception as the server words it. */
export function worded({ code, message }: Exception): string {
  return `Code: ${code}. DB::Exception: ${message} (version 26.7.2.1)\n`
}

/** An exception behind a status that was sent already: what a body ends with since 25.11. */
export function trailer(exception: Exception, tag: string): string {
  const text = worded(exception)
  return `\r\n__exception__\r\n${tag}\r\n${text}\r\n${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`
}
