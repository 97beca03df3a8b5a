// The program's own command line, as the pages show it: parsed by the very parser of the program, with the work behind each
// command taken away, so that an option, a value or a number of arguments that it would refuse is refused here.
import { type Command, CommanderError } from 'commander'
import { instant } from '../../src/cli/instant.ts'
import { commands } from '../../src/cli/program.ts'
import type { Words } from './shell.ts'

/** What the program would say to these words; none where it would begin its work. */
export function ownProblems(words: Words): readonly string[] {
  const program = commands(() => {})
  const problems: string[] = []
  disarm(program, problems)
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    problems.push(error.message)
  }
  return problems
}

function disarm(command: Command, problems: string[]): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} })
  if (command.commands.length === 0) {
    command.action(() => void problems.push(...timesOf(command), ...excess(command)))
  }
  for (const one of command.commands) disarm(one, problems)
}

/** Times are read after parsing, by the command itself. */
function timesOf(command: Command): readonly string[] {
  const options = command.opts<Readonly<Record<string, unknown>>>()
  return ['from', 'to', 'since', 'until'].flatMap((name) => {
    const text = options[name]
    return typeof text === 'string' ? complaint(() => instant(`--${name}`, text, 0, 0)) : []
  })
}

function complaint(act: () => unknown): readonly string[] {
  try {
    act()
    return []
  } catch (error) {
    return [String(error)]
  }
}

/** `run` takes any word, in order to say which command was meant. */
function excess(command: Command): readonly string[] {
  const [word] = command.args
  return command.name() === 'run' && word !== undefined ? [`there is no command ${word}`] : []
}
