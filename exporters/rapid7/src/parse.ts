// A line as a value, with its keys and numbers as they are written. V8 remembers the keys of objects it has parsed and looks
// for them first; another key that is written with an escape may be taken for one of them
// (https://github.com/nodejs/node/issues/63785: after `{"h":1,"\\":0}`, `{"h":1,"\"":0}` has the key `\`). Keys without an
// escape are always read right, so where others are, they are written so that they need none and are renamed while the
// line is parsed. Numbers that JavaScript would write otherwise than they were keep their digits.

/** In Node 22 and later; TypeScript does not know it yet. */
const json = JSON as JSON & { rawJSON(text: string): object; isRawJSON(value: unknown): boolean }

/** Stands before a code from `SHIFT` on, which is a character that a key cannot have without an escape, or this one. */
const MARK = '\uE000'
const SHIFT = 0xe100
const special = /[\\\uE000]/g
const unwritable = /["\\\p{Cc}\uE000]/gu
const marked = /\uE000([\uE000-\uF8FF])/g

/** What a line of JSON says. Throws as JSON.parse does. */
export function parseLine(line: string): Readonly<Record<string, unknown>> {
  // What is no JSON is not looked into.
  if (line.includes('\\') || line.includes(MARK)) JSON.parse(line)
  return JSON.parse(withPlainKeys(line), asWritten)
}

/** Whether it is a number that is written with digits of its own. */
export function isDigits(value: unknown): boolean {
  return json.isRawJSON(value)
}

function asWritten(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value === 'number') return source !== undefined && source !== String(value) ? json.rawJSON(source) : value
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? renamed(value) : value
}

/** The line with keys that need no escape. Only strings with something special in them are looked at. */
function withPlainKeys(line: string): string {
  let plain = ''
  let kept = 0
  special.lastIndex = 0
  for (let found = special.exec(line); found !== null; found = special.exec(line)) {
    const open = line.lastIndexOf('"', found.index)
    const close = closing(line, found.index)
    if (line[behind(line, close + 1)] === ':') {
      plain += `${line.slice(kept, open)}"${plainKey(JSON.parse(line.slice(open, close + 1)) as string)}"`
      kept = close + 1
    }
    special.lastIndex = close + 1
  }
  return plain + line.slice(kept)
}

/** Where the string ends that goes on at `from`, which is not behind a backslash. */
function closing(line: string, from: number): number {
  for (let at = from; ; at += 1) {
    const code = line.charCodeAt(at)
    if (code === 0x22) return at
    if (code === 0x5c) at += 1
  }
}

function behind(line: string, from: number): number {
  let at = from
  while (line.charCodeAt(at) <= 0x20) at += 1
  return at
}

function plainKey(key: string): string {
  return key.replace(unwritable, (character) => {
    return MARK + String.fromCharCode(character === MARK ? 0xe000 : SHIFT + character.charCodeAt(0))
  })
}

/** The same members, in their order, under the names they had. */
function renamed(members: object): object {
  const entries = Object.entries(members)
  if (!entries.some(([name]) => name.includes(MARK))) return members
  // From entries, so that a key named `__proto__` stays a key.
  return Object.fromEntries(entries.map(([name, value]) => [keyOf(name), value]))
}

function keyOf(plain: string): string {
  return plain.replace(marked, (_, code: string) => {
    return code === MARK ? MARK : String.fromCharCode(code.charCodeAt(0) - SHIFT)
  })
}
