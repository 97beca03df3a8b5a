import { textOf } from './checkout.ts'

/** The exporter that CONTRIBUTING.md shows: code blocks that begin with their file's name, by that name. */
export function exporterOfGuide(): ReadonlyMap<string, string> {
  const blocks = textOf('CONTRIBUTING.md').matchAll(/^```ts\n\/\/ ((?:src|test)\/[\w./-]+)\n([\s\S]*?)^```$/gm)
  return new Map([...blocks].map(([, path, text]) => [path ?? '', text ?? '']))
}

/** What the page adds to files of the program: the line of `src/registry.ts`, and the dependency of `package.json`. */
export function registrationOfGuide(): { readonly line: string; readonly dependency: readonly [string, string] } {
  const page = textOf('CONTRIBUTING.md')
  const [, line] = /This is the line in `src\/registry\.ts`:\n\n```ts\n(.+\n)```$/m.exec(page) ?? []
  const [, name, version] = /^In the root `package\.json` add `"(.+)": "(.+)"` to `dependencies`/m.exec(page) ?? []
  if (line === undefined || name === undefined || version === undefined)
    throw new Error('CONTRIBUTING.md does not say how')
  return { line, dependency: [name, version] }
}
