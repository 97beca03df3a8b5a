import { DatabaseFiles } from '../../databases/databases.ts'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import type { TelemetryEvent } from '../../telemetry/events.ts'
import { duration } from '../../telemetry/units.ts'

/** Providers publish anew every week or so; addresses change hands. */
const OLD_MS = 60 * 86_400_000

/** Whether a processor's database can be opened, and how old it is. `now` is milliseconds since 1970. */
export async function databaseFinding(path: string, now: number): Promise<Finding> {
  const what = `database ${path} can be read`
  try {
    const told: TelemetryEvent[] = []
    await DatabaseFiles.open([path], (event) => told.push(event))
    const opened = told.find((event) => event.type === 'database_opened')
    if (opened === undefined) return { level: 'ok', what }
    const age = now - opened.builtAt
    const detail = `${opened.kind}, built ${duration(Math.max(0, age))} ago`
    if (age <= OLD_MS) return { level: 'ok', what, detail }
    return { level: 'warning', what, detail, next: 'replace the file by a newer one; no restart is needed' }
  } catch (error) {
    return failedFinding(what, error)
  }
}
