// The page's files, read once at start: HTML, CSS and modules. The modules are TypeScript, whose types are stripped as
// Node strips those of the rest; a bundler would need a build, and all of it is smaller than most pictures.
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'

export interface Asset {
  readonly type: string
  readonly body: string
}

const folder = join(import.meta.dirname, 'page')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** By path: `/` for the page itself, `/page/<file>` for what it asks for. */
export function pageAssets(): Readonly<Record<string, Asset>> {
  const files = readdirSync(folder).filter((name) => extname(name) in types)
  return Object.fromEntries(files.map((name) => [name === 'index.html' ? '/' : `/page/${name}`, assetOf(name)]))
}

function assetOf(name: string): Asset {
  const text = readFileSync(join(folder, name), 'utf8')
  const body = extname(name) === '.ts' ? stripTypeScriptTypes(text) : text
  return { type: types[extname(name)] ?? '', body }
}
