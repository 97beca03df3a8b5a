// Ids and references: what the pipelines name must exist, what exists should be named, and no exporter may get a
// receiver's events twice. Works on the values as written, so that these problems are told together with all others.

import { typeOf } from '../domain/component.ts'
import { unknownName } from './explain.ts'
import type { Complaint, Path } from './problem.ts'
import { type Components, type Section, schemasOf, sections } from './schema.ts'
import { nearest } from './spelling.ts'

type Mapping = Readonly<Record<string, unknown>>
export type Ids = Readonly<Record<Section, readonly string[]>>

const idPattern = /^[a-zA-Z][0-9a-zA-Z_]{0,62}(\/[^\p{Z}\p{C}\p{S}/]{1,1024})?$/u
const pipelinePattern = /^logs(\/[^\p{Z}\p{C}\p{S}/]{1,1024})?$/u

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The component ids of a file, section by section. */
export function idsOf(value: Mapping): Ids {
  const ids = (section: Section): readonly string[] => {
    const body = value[section]
    return isMapping(body) ? Object.keys(body) : []
  }
  return { receivers: ids('receivers'), processors: ids('processors'), exporters: ids('exporters') }
}

/** Ids that are malformed, or whose type does not exist, as far as that can be said. */
export function checkIds(ids: Ids, components: Components): readonly Complaint[] {
  return unusableIds(ids, components).flatMap(({ section, id, types }) => {
    if (isId(id) && section === 'exporters' && components.incomplete) return []
    return [checkId(section, id, types)]
  })
}

interface UnusableId {
  readonly section: Section
  readonly id: string
  /** The types there are. */
  readonly types: readonly string[]
}

/** Ids of which nothing can be made. */
export function unusableIds(ids: Ids, components: Components): readonly UnusableId[] {
  return sections.flatMap((section) => {
    const types = Object.keys(schemasOf(section, components))
    const unusable = ids[section].filter((id) => !isId(id) || !types.includes(typeOf(id)))
    return unusable.map((id) => ({ section, id, types }))
  })
}

/** Whether a text is written as a component's id. */
export function isId(text: string): boolean {
  return idPattern.test(text)
}

function checkId(section: Section, id: string, types: readonly string[]): Complaint {
  const path = [section, id]
  if (!isId(id)) {
    const allowed = '`type` or `type/name`: a type of letters, digits and _, a name without spaces'
    return { level: 'error', path, key: true, message: 'is no component id', allowed }
  }
  const complaint = unknownName(
    [section, typeOf(id)],
    typeOf(id),
    types,
    `there is no ${noun[section]} of the type \`${typeOf(id)}\``,
  )
  return { ...complaint, path }
}

const noun: Readonly<Record<Section, string>> = {
  receivers: 'receiver',
  processors: 'processor',
  exporters: 'exporter',
}

interface Reference {
  readonly section: Section
  readonly id: string
  readonly path: Path
}

interface Pipeline {
  readonly id: string
  readonly references: readonly Reference[]
}

/** What is wrong with the pipelines, given the ids that exist. */
export function checkPipelines(value: Mapping, ids: Ids): readonly Complaint[] {
  const body = isMapping(value['service']) ? value['service']['pipelines'] : undefined
  if (!isMapping(body)) return []
  const pipelines = Object.entries(body).map(([id, pipeline]) => ({ id, references: references(id, pipeline) }))
  if (pipelines.length === 0) {
    return [
      {
        level: 'error',
        path: ['service', 'pipelines'],
        message: 'needs at least one pipeline',
        allowed: '`logs` or `logs/<name>`',
      },
    ]
  }
  const errors = [
    ...pipelines.flatMap(({ id }) => checkPipelineId(id)),
    ...pipelines.flatMap((pipeline) => checkReferences(pipeline, ids)),
    ...checkTwiceFed(pipelines.filter(({ id }) => checkPipelineId(id).length === 0)),
  ]
  // What is misspelt in a pipeline is not unused.
  return errors.length > 0 ? errors : checkUnused(pipelines, ids)
}

function references(id: string, pipeline: unknown): readonly Reference[] {
  if (!isMapping(pipeline)) return []
  return sections.flatMap((section) => {
    const list = pipeline[section]
    if (!Array.isArray(list)) return []
    return list.flatMap((item: unknown, index) =>
      typeof item === 'string' ? [{ section, id: item, path: ['service', 'pipelines', id, section, index] }] : [],
    )
  })
}

function checkPipelineId(id: string): readonly Complaint[] {
  if (pipelinePattern.test(id)) return []
  const signal = /^(traces|metrics|profiles)(\/|$)/.test(id)
  const message = signal ? 'is no pipeline here: audit events are logs' : 'is no pipeline id'
  return [
    { level: 'error', path: ['service', 'pipelines', id], key: true, message, allowed: '`logs` or `logs/<name>`' },
  ]
}

function checkReferences(pipeline: Pipeline, ids: Ids): readonly Complaint[] {
  const seen = new Set<string>()
  return pipeline.references.flatMap(({ section, id, path }): readonly Complaint[] => {
    const mark = `${section} ${id}`
    const again = seen.has(mark)
    seen.add(mark)
    if (again) return [{ level: 'error', path, message: `names \`${id}\` a second time` }]
    return ids[section].includes(id) ? [] : [undefinedReference(section, id, path, ids)]
  })
}

function undefinedReference(section: Section, id: string, path: Path, ids: Ids): Complaint {
  const elsewhere = sections.find((other) => ids[other].includes(id))
  const near = nearest(id, ids[section])
  const meant = near === undefined ? `define it under \`${section}\`` : `did you mean \`${near}\`?`
  return {
    level: 'error',
    path,
    message: `\`${id}\` is not defined under \`${section}\``,
    allowed: ids[section].join(', ') || `nothing: \`${section}\` is empty`,
    hint: elsewhere === undefined ? meant : `it is defined under \`${elsewhere}\``,
  }
}

/** The same events would reach the exporter under two orders of processing, and the ledger has one row for both. */
function checkTwiceFed(pipelines: readonly Pipeline[]): readonly Complaint[] {
  const fedBy = new Map<string, string>()
  return pipelines.flatMap((pipeline) => {
    const of = (section: Section) => pipeline.references.filter((reference) => reference.section === section)
    return of('exporters').flatMap((exporter) =>
      of('receivers').flatMap(({ id: receiver }): readonly Complaint[] => {
        const feed = `${receiver} ${exporter.id}`
        const first = fedBy.get(feed)
        if (first === undefined) fedBy.set(feed, pipeline.id)
        if (first === undefined || first === pipeline.id) return []
        return [
          {
            level: 'error',
            path: exporter.path,
            message: `\`${exporter.id}\` already gets the events of \`${receiver}\` through the pipeline \`${first}\``,
            hint: `define a second instance, e.g. \`${typeOf(exporter.id)}/${pipeline.id.split('/')[1] ?? 'second'}\`, and name that one here`,
          },
        ]
      }),
    )
  })
}

function checkUnused(pipelines: readonly Pipeline[], ids: Ids): readonly Complaint[] {
  const used = new Set(pipelines.flatMap(({ references }) => references.map(({ section, id }) => `${section} ${id}`)))
  return sections.flatMap((section) =>
    ids[section]
      .filter((id) => !used.has(`${section} ${id}`))
      .map(
        (id): Complaint => ({
          level: 'warning',
          path: [section, id],
          key: true,
          message: 'is in no pipeline and will not be started',
        }),
      ),
  )
}
