import { SetupError } from '../domain/failures.ts'

/** Keys and indexes from the top of the file to a value. */
export type Path = readonly (string | number)[]

/** One thing wrong, or worth knowing, about a configuration file. Texts never contain a secret. */
export interface Problem {
  readonly level: 'error' | 'warning'
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** As a user would write it, e.g. `exporters.splunk_hec/soc.token`. Empty for the file as a whole. */
  readonly path: string
  readonly message: string
  /** What stands there, where it may be shown. */
  readonly found?: string
  readonly allowed?: string
  /** What the setting is for. */
  readonly about?: string
  /** What to do. */
  readonly hint?: string
}

/** A problem whose place in the file is not looked up yet. */
export interface Complaint extends Omit<Problem, 'line' | 'column' | 'path'> {
  readonly path: Path
  /** Whether the key is at fault rather than its value. */
  readonly key?: boolean
}

/** The configuration cannot be used. Carries every problem found, not the first one only. */
export class ConfigError extends SetupError {
  readonly file: string
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.level === 'error').length
    super(`${file}: ${errors} ${errors === 1 ? 'problem' : 'problems'}\n${problemsText(file, problems)}`)
    this.name = 'ConfigError'
    this.file = file
    this.problems = problems
  }
}

const plainKey = /^[\w/-]+$/

/** `receivers.circleci_audit.severity["user.*"]`, `service.pipelines.logs.exporters[0]`. */
export function pathText(path: Path): string {
  return path
    .map((step, depth) => {
      if (typeof step === 'number') return `[${step}]`
      if (!plainKey.test(step)) return `[${JSON.stringify(step)}]`
      return depth === 0 ? step : `.${step}`
    })
    .join('')
}

/** All problems as text: one `file:line:column:` line each, which editors and terminals can jump to. */
export function problemsText(file: string, problems: readonly Problem[]): string {
  return problems.map((problem) => problemText(file, problem)).join('\n')
}

function problemText(file: string, problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  const lines = [`${file}:${problem.line}:${problem.column}: ${problem.level}: ${path}${problem.message}`]
  if (problem.found !== undefined) lines.push(`    found: ${problem.found}`)
  if (problem.allowed !== undefined) lines.push(`    allowed: ${problem.allowed}`)
  if (problem.about !== undefined) lines.push(`    about: ${problem.about}`)
  if (problem.hint !== undefined) lines.push(`    hint: ${problem.hint}`)
  return lines.join('\n')
}
