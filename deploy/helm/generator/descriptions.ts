// What values.yaml says about each value: the comment that begins with `# --` above it. A mapping whose members have
// none of their own is one row, with its whole default.
import { type Document, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { chart, textOf } from './chart.ts'

export interface Described {
  /** E.g. `image.repository`. */
  readonly path: string
  readonly description: string
  readonly fallback: unknown
}

/** Every value with a description, in the file's order. */
export function described(text: string = textOf(`${chart}/values.yaml`)): readonly Described[] {
  const document = parseDocument(text)
  return isMap(document.contents) ? inMap(document.contents, '', document) : []
}

function inMap(map: YAMLMap, above: string, document: Document): readonly Described[] {
  return map.items.flatMap((pair, index) => {
    const path = `${above}${isScalar(pair.key) ? String(pair.key.value) : ''}`
    const description = descriptionOf(index === 0 ? (map.commentBefore ?? commentOf(pair)) : commentOf(pair))
    const fallback = (pair.value as { toJS(document: Document): unknown } | null)?.toJS(document) ?? null
    const below = isMap(pair.value) ? inMap(pair.value, `${path}.`, document) : []
    return [...(description === undefined ? [] : [{ path, description, fallback }]), ...below]
  })
}

function commentOf({ key }: Pair): string | undefined {
  return isScalar(key) ? (key.commentBefore ?? undefined) : undefined
}

/** The last paragraph that begins with `--`. */
function descriptionOf(comment: string | undefined): string | undefined {
  const [, text] = /(?:^|\n) -- ([\s\S]*)$/.exec(comment ?? '') ?? []
  return text?.replaceAll(/\n\s*/g, ' ').trim()
}
