import type { Loaded } from '../config/load.ts'
import { ConfigError, problemsText } from '../config/problem.ts'
import { load } from './load.ts'
import type { CommonOptions } from './options.ts'

/** Checks a configuration file without starting anything or connecting anywhere. */
export async function validate(options: CommonOptions): Promise<number> {
  try {
    const loaded = await load(options)
    const { file, warnings } = loaded
    console.log(options.json ? JSON.stringify({ file, valid: true, problems: warnings }) : summary(loaded))
    return 0
  } catch (error) {
    if (!(options.json && error instanceof ConfigError)) throw error
    console.log(JSON.stringify({ file: error.file, valid: false, problems: error.problems }))
    return 2
  }
}

function summary({ file, config, warnings }: Loaded): string {
  const pipelines = Object.entries(config.service.pipelines).map(([id, { receivers, processors, exporters }]) => {
    const steps = [receivers.join(', '), ...processors, exporters.join(', ')]
    return `  ${id}: ${steps.join(' → ')}`
  })
  const notes = warnings.length === 0 ? [] : [problemsText(file, warnings)]
  return [`${file} is valid`, ...pipelines, ...notes].join('\n')
}
