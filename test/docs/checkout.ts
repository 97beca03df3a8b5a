import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Paths of all files that belong to the project, and are still there. Build results and what a run leaves are not among them. */
export function projectFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const gone = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: root, encoding: 'utf8' })
  const missing = new Set(gone.split('\0'))
  return listed.split('\0').filter((path) => path !== '' && !missing.has(path))
}

export function textOf(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8')
}

export function pages(): readonly string[] {
  return projectFiles().filter((path) => path.endsWith('.md'))
}
