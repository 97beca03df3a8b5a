// What of the repository a build may see, as .dockerignore says: patterns in order, the last one that matches a path or a
// folder above it decides. Source: Docker, "Build context", .dockerignore files.
import { projectFiles, textOf } from '../../docs/checkout.ts'

interface Rule {
  readonly keeps: boolean
  readonly pattern: RegExp
}

/** The project's files that are in the build context. */
export function contextFiles(): readonly string[] {
  const rules = textOf('.dockerignore')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(ruleOf)
  return projectFiles().filter((path) => isKept(path, rules))
}

function ruleOf(line: string): Rule {
  const keeps = line.startsWith('!')
  const escaped = (keeps ? line.slice(1) : line).replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  const glob = escaped.replaceAll('**/', '\u0000').replaceAll('*', '[^/]*').replaceAll('\u0000', '(.*/)?')
  return { keeps, pattern: new RegExp(`^${glob}(/|$)`) }
}

function isKept(path: string, rules: readonly Rule[]): boolean {
  let kept = true
  for (const { keeps, pattern } of rules) if (pattern.test(path)) kept = keeps
  return kept
}
