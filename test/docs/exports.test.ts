// What a package exports is its documentation: every name, and every member of what is not self-evident. Checked by a
// scanner, not by a compiler, because the rule is about the text above a declaration:
// - every exported name has a doc comment of a sentence (the first clause of it ends in a full stop or a colon);
// - every member that holds a number says its unit, in its name (`timeoutMs`, `maxBytes`) or in words;
// - whatever throws says so.
// That a vendor's fact names its source cannot be checked here; it is asked for in CONTRIBUTING.md.
import { globSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { root, textOf } from './checkout.ts'

interface Exported {
  readonly name: string
  readonly file: string
}

/** Names an index re-exports, with the file that declares each. */
function exportsOf(index: string): readonly Exported[] {
  return [...textOf(index).matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(([, names, from]) => {
    const file = posix.join(posix.dirname(index), from ?? '')
    const parts = (names ?? '').split(',').map((name) => name.trim().replace(/^type /, ''))
    return parts.filter((name) => name !== '').map((name) => ({ name: name.replace(/ as .*/, ''), file }))
  })
}

interface Declaration {
  readonly doc: string
  readonly body: string
}

/** The declaration of a name with the doc comment directly above it. */
function declarationOf({ name, file }: Exported): Declaration | undefined {
  const source = textOf(file)
  const head = `((?:^/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?)^export (?:abstract |async )*(?:class|function|const|interface|type) ${name}\\b`
  const match = new RegExp(head, 'm').exec(source)
  if (match === null) return undefined
  const rest = source.slice(match.index + match[0].length)
  return { doc: words(match[1] ?? ''), body: /^[^\n]*[{([]\n/.test(rest) ? upTo(rest, /^[})\]]/m) : upTo(rest, /^$/m) }
}

function upTo(text: string, end: RegExp): string {
  const index = text.search(end)
  return index < 0 ? text : text.slice(0, index)
}

function words(comment: string): string {
  return comment.replaceAll(/^\/\*\*|\*\/\n?$|^ *\* ?/gm, '').trim()
}

const isSentence = (doc: string): boolean => doc.split(/\s+/).length >= 3 && /[.:`)…]/.test(doc)

const unitInName = /(?:Ms|Bytes|Seconds|Count|count)$/
const unitInWords =
  /\b(?:ms|milliseconds|seconds|bytes|octal|octet|index(?:es)?|status|records|files|code|number of|how many|names|line|0o\d+|MiB|kB)\b/i

/** Members that hold a number and do not say of what. */
function unitless(body: string): readonly string[] {
  const members = body.matchAll(/((?:^ +\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)^ +(?:readonly )?(\w+)\??: number\b/gm)
  return [...members]
    .filter(([, doc = '', name = '']) => !unitInName.test(name) && !unitInWords.test(`${doc} ${name}`))
    .map(([, , name]) => name ?? '')
}

function problemsOf(exported: Exported): readonly string[] {
  const where = `${exported.file}: ${exported.name}`
  const declaration = declarationOf(exported)
  if (declaration === undefined) return [`${where} is declared nowhere`]
  const { doc, body } = declaration
  const throws = /^\s+(?:if .*)?throw new (?!Error\()/m.test(body) && !/[Tt]hrows|[Rr]ejects|refuse/.test(doc + body)
  return [
    ...(isSentence(doc) ? [] : [`${where} has no doc comment of a sentence`]),
    ...unitless(body).map((member) => `${where}.${member} does not say its unit`),
    ...(throws ? [`${where} throws and does not say so`] : []),
  ]
}

const indexes = [...globSync('exporters/*/src/index.ts', { cwd: root }), 'exporters/contract/src/testing.ts'].sort()

test.each(indexes)('everything %s exports is documented', (index) => {
  const exported = exportsOf(index)
  expect(exported.length).toBeGreaterThan(0)
  expect(exported.flatMap(problemsOf)).toEqual([])
})

test('an index is names only', () => {
  for (const index of indexes) {
    const rest = textOf(index).replaceAll(/^export (?:type )?\{[^}]*\} from '[^']+'\n/gm, '')
    expect(rest.trim(), index).toBe('')
  }
})
