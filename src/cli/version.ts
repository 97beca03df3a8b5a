import { readFileSync } from 'node:fs'

let text: string | undefined

/** This program's version, as its package says. */
export function version(): string {
  text ??= readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
