// Two instances of one type, each with its own filter and its own file; and one instance reached twice, which is refused.
import { type Case, inScene, must } from '../stage/case.ts'
import type { AuditFile } from '../stage/corpus.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file } from '../stage/exporters.ts'
import { mustBeWhole } from '../stage/tally.ts'

const isJob = (line: string): boolean => String(JSON.parse(line).action).startsWith('workflow.job.')

/** Ids of the events that the question is answered with yes for. */
function idsWhere(files: readonly AuditFile[], ask: (line: string) => boolean): readonly string[] {
  const lines = files.flatMap(({ body }) => body.split('\n').filter((line) => line !== ''))
  return lines.filter(ask).map((line) => String(JSON.parse(line).id))
}

export const twoOfAType: Case = inScene('two-of-a-type', async (scene) => {
  const files = [1, 2, 3].map((hours) => scene.corpus.file(Date.now() - hours * 3_600_000, 40))
  const [jobs, rest] = [scene.path('jobs.jsonl'), scene.path('rest.jsonl')]
  const receivers = ['circleci_audit']
  const plan = {
    receiver: await scene.putInFolder(files),
    processors: { 'filter/jobs': { include: ['workflow.job.*'] }, 'filter/rest': { exclude: ['workflow.job.*'] } },
    exporters: { 'file/jobs': file(jobs), 'file/rest': file(rest) },
  }
  const toJobs = { receivers, processors: ['filter/jobs'], exporters: ['file/jobs'] }
  const toRest = { receivers, processors: ['filter/rest'], exporters: ['file/rest'] }

  await scene.configure({
    ...plan,
    pipelines: { 'logs/jobs': toJobs, 'logs/rest': { ...toRest, exporters: ['file/jobs', 'file/rest'] } },
  })
  const refused = await scene.runOnce(2)
  const said = [
    'service.pipelines.logs/rest.exporters[0]: `file/jobs` already gets the events of `circleci_audit` through the pipeline `logs/jobs`',
    'hint: define a second instance, e.g. `file/rest`, and name that one here',
  ]
  for (const words of said) must(refused.stderr.includes(words), `not said: ${words}\n${refused.stderr}`)

  await scene.configure({ ...plan, pipelines: { 'logs/jobs': toJobs, 'logs/rest': toRest } })
  await scene.runOnce()
  const wanted = { jobs: idsWhere(files, isJob), rest: idsWhere(files, (line) => !isJob(line)) }
  must(wanted.jobs.length > 0 && wanted.rest.length > 0, 'the corpus has one kind only')
  mustBeWhole('file/jobs', wanted.jobs, await allIdsInFile(jobs))
  mustBeWhole('file/rest', wanted.rest, await allIdsInFile(rest))
  return { jobs: wanted.jobs.length, rest: wanted.rest.length }
})
