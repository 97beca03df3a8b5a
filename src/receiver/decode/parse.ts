// JSON.parse, made to depend on nothing but its text. V8 remembers the keys of objects it has parsed and looks for them
// first; where one of those has a backslash, another key that is written with an escape may be taken for it
// (https://github.com/nodejs/node/issues/63785: `{"h":1,"\\":0}` once parsed, `{"h":1,"\"":0}` has the key `\`). Then an
// event would lose a member, or have it under another name, depending on which events came before it.
//
// Keys that are written without an escape are always read right. So where a text has others, which hardly any event has,
// they are written so that none needs an escape, and renamed when all is parsed. Rejected: a parser of our own, several
// times slower for every event; a reviver, which is given the wrong names.

/** Stands before a code from `shift` on, which is a character that a key cannot have without an escape, or this one. */
const mark = '\uE000'
const shift = 0xe100
const special = /[\\\uE000]/g
const unwritable = /["\\\p{Cc}\uE000]/gu
const marked = /\uE000([\uE000-\uF8FF])/g

/** What the text says. Throws as JSON.parse does. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || !text.includes('\\')) return value
  const plain = withPlainKeys(text)
  return plain === text ? value : renamed(JSON.parse(plain))
}

/** The text, which is JSON, with keys that need no escape. Only strings with something special in them are looked at. */
function withPlainKeys(text: string): string {
  let plain = ''
  let kept = 0
  special.lastIndex = 0
  for (let found = special.exec(text); found !== null; found = special.exec(text)) {
    const at = found.index
    const open = text.lastIndexOf('"', at)
    const close = closing(text, at)
    if (text[behind(text, close + 1)] === ':') {
      plain += `${text.slice(kept, open)}"${plainKey(JSON.parse(text.slice(open, close + 1)) as string)}"`
      kept = close + 1
    }
    special.lastIndex = close + 1
  }
  return kept === 0 ? text : plain + text.slice(kept)
}

/** Where the string ends that goes on at `from`, which is not behind a backslash. */
function closing(text: string, from: number): number {
  for (let at = from; ; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at
    if (code === 0x5c) at += 1
  }
}

function behind(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 0x20) at += 1
  return at
}

function plainKey(key: string): string {
  return key.replace(unwritable, (character) => {
    return mark + String.fromCharCode(character === mark ? 0xe000 : shift + character.charCodeAt(0))
  })
}

function keyOf(plain: string): string {
  return plain.replace(marked, (_, code: string) => {
    return code === mark ? mark : String.fromCharCode(code.charCodeAt(0) - shift)
  })
}

/** In place, and without recursion: nesting is bounded by who asked, later. */
function renamed(root: unknown): unknown {
  const open = [root]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue
    if (!Array.isArray(one)) rename(one as Record<string, unknown>)
    for (const inner of Object.values(one)) if (typeof inner === 'object') open.push(inner)
  }
  return root
}

/** The order of keys stays: from the first that changes on, all are put anew. */
function rename(object: Record<string, unknown>): void {
  const entries = Object.entries(object)
  const first = entries.findIndex(([key]) => key.includes(mark))
  if (first === -1) return
  const rest = entries.slice(first)
  for (const [key] of rest) delete object[key]
  for (const [key, value] of rest) {
    // Not by assignment, which `__proto__` would escape.
    Object.defineProperty(object, keyOf(key), { value, enumerable: true, configurable: true, writable: true })
  }
}
