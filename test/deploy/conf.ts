// Splunk's configuration files, read as strictly as its btool reads them: stanzas, `key = value`, comments on lines of
// their own. What Splunk would ignore in silence (a key before any stanza, a second stanza of the same name, a comment
// behind a value, which becomes part of it) is an error here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../docs/checkout.ts'

export type Stanzas = ReadonlyMap<string, ReadonlyMap<string, string>>

export function confOf(path: string): Stanzas {
  const stanzas = new Map<string, Map<string, string>>()
  let open: Map<string, string> | undefined
  for (const [index, line] of readFileSync(join(root, 'deploy/splunk', path), 'utf8')
    .split('\n')
    .entries()) {
    const where = `${path}:${index + 1}`
    if (line === '' || line.startsWith('#')) continue
    const name = /^\[([^\]]*)\]$/.exec(line)?.[1]
    if (name !== undefined) open = begin(stanzas, name, where)
    else set(open, line, where)
  }
  return stanzas
}

function begin(stanzas: Map<string, Map<string, string>>, name: string, where: string): Map<string, string> {
  if (stanzas.has(name)) throw new Error(`${where}: stanza [${name}] a second time`)
  const stanza = new Map<string, string>()
  stanzas.set(name, stanza)
  return stanza
}

function set(stanza: Map<string, string> | undefined, line: string, where: string): void {
  const [, key, value] = /^([\w.-]+) = (\S.*)$/.exec(line) ?? []
  if (key === undefined || value === undefined) throw new Error(`${where}: neither stanza nor setting: ${line}`)
  if (stanza === undefined) throw new Error(`${where}: a setting before any stanza`)
  if (stanza.has(key)) throw new Error(`${where}: ${key} a second time`)
  if (/\s#|\s$|\\$/.test(value)) throw new Error(`${where}: a comment, white space or a continuation behind the value`)
  stanza.set(key, value)
}
