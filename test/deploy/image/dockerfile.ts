// Dockerfiles, as far as this project writes them: instructions with their flags, in stages.
import { textOf } from '../../docs/checkout.ts'

export interface Instruction {
  readonly name: string
  /** `--from=build` and the like. */
  readonly flags: Readonly<Record<string, string>>
  readonly text: string
}

export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly Instruction[]
}

export interface Dockerfile {
  /** Build arguments and their defaults. */
  readonly args: Readonly<Record<string, string>>
  readonly stages: readonly Stage[]
}

/** Reads a Dockerfile of the project. Throws for what is no instruction. */
export function dockerfile(path: string): Dockerfile {
  const lines = textOf(path)
    .split('\n')
    .filter((line) => !line.startsWith('#'))
  const all = lines
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(instruction)
  const first = all.findIndex(({ name }) => name === 'FROM')
  const args = Object.fromEntries(all.slice(0, first).map(({ text }) => text.split('=', 2) as [string, string]))
  return { args, stages: stagesOf(all.slice(first)) }
}

function instruction(line: string): Instruction {
  const [, name, rest] = /^([A-Z]+) +(.*)$/.exec(line.trim()) ?? []
  if (name === undefined || rest === undefined) throw new Error(`no instruction: ${line}`)
  const flags = Object.fromEntries([...rest.matchAll(/(?:^| )--([a-z-]+)=(\S+)(?= )/g)].map(([, k, v]) => [k, v]))
  // Flags of the command in a RUN or CMD are the command's own.
  const own = name === 'COPY' || name === 'HEALTHCHECK'
  return { name, flags: own ? flags : {}, text: own ? rest.replaceAll(/--[a-z-]+=\S+ +/g, '') : rest }
}

function stagesOf(instructions: readonly Instruction[]): readonly Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = []
  for (const one of instructions) {
    const [base = '', , name = String(stages.length)] = one.text.split(' ')
    if (one.name === 'FROM') stages.push({ name, base, instructions: [] })
    else stages.at(-1)?.instructions.push(one)
  }
  return stages
}

/** Sources and destination of a COPY. */
export function copied({ text }: Instruction): { readonly sources: readonly string[]; readonly to: string } {
  const words = text.trim().split(/ +/)
  return { sources: words.slice(0, -1), to: words.at(-1) ?? '' }
}

/** A CMD, ENTRYPOINT or HEALTHCHECK in the form without a shell. */
export function commandOf({ text }: Instruction): readonly string[] {
  return JSON.parse(text.replace(/^CMD +/, '')) as readonly string[]
}
