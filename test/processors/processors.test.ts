import type { LogRecord } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { Chain } from '../../src/processors/chain.ts'
import { type FilterSettings, module } from '../../src/processors/filter.ts'
import { processorModules } from '../../src/processors/modules.ts'
import type { Databases, Transformer } from '../../src/processors/processor.ts'
import { actions, actionText, itemOf } from '../mapping/corpus.ts'

const source = { store: 's3://acme', key: 'k', seenAt: 1 }
const recordOf = (action: string) => mapEvent(itemOf(actionText(action, true)), source, mappingOptions('0.0.0'))
const none: Databases = {
  lookup: () => () => undefined,
}
const filter = (settings: FilterSettings) => module.create('filter/x', settings, none)
const passes = (settings: FilterSettings, action: string) =>
  new Chain([filter(settings)]).process(recordOf(action)) !== undefined

const marker: Transformer = {
  kind: 'transformer',
  name: 'mark',
  transform: (record) => ({ ...record, attributes: { ...record.attributes, marked: true } }),
}

test('a filter withholds what it excludes, in every spelling, and nothing else', () => {
  const settings = { exclude: ['workflow.job.*', 'context.env_var.*'] }
  for (const action of ['workflow.job.start', 'workflow-job-finish', 'Workflow.Job.Start', 'context-env_var-store']) {
    expect(passes(settings, action), action).toBe(false)
  }
  for (const action of ['workflow.start', 'context.create', 'my.workflow.job.start']) {
    expect(passes(settings, action), action).toBe(true)
  }
})

test('with include only what it names passes, and exclude wins', () => {
  const settings = { include: ['context.*', 'project.?dd'], exclude: ['context.secrets.accessed'] }
  expect(actions.filter((action) => passes(settings, action))).toEqual([
    ...actions.filter((action) => action.startsWith('context.') && action !== 'context.secrets.accessed'),
    'project.add',
  ])
})

test('a record that passes is the very record', () => {
  const record = recordOf('project.add')
  expect(new Chain([filter({ exclude: ['workflow.*'] })]).process(record)).toBe(record)
  expect(new Chain([]).process(record)).toBe(record)
})

test("no filter hides the forwarder's own records", () => {
  const own: LogRecord = { ...recordOf('project.add'), eventName: 'circleci_audit_forwarder.gap.opened' }
  expect(new Chain([filter({ exclude: ['*'] })]).process(own)).toBe(own)
  expect(new Chain([filter({ include: ['nothing'] })]).process(own)).toBe(own)
})

test('an event without an action can be named as unknown', () => {
  const nameless = mapEvent(itemOf('{}'), source, mappingOptions('0.0.0'))
  expect(new Chain([filter({ exclude: ['unknown'] })]).process(nameless)).toBeUndefined()
  expect(new Chain([filter({ exclude: ['context.*'] })]).process(nameless)).toBe(nameless)
})

test('what is withheld has the name of the rule that withheld it', () => {
  const chain = new Chain([
    module.create('filter/a', { exclude: ['build.*'] }, none),
    module.create('filter/b', { exclude: ['*'] }, none),
  ])
  expect(chain.run(recordOf('build.create'))).toEqual({ filteredBy: 'filter/a' })
  expect(chain.run(recordOf('project.add'))).toEqual({ filteredBy: 'filter/b' })
})

test('a member of a batch is transformed alike and never asked filters again', () => {
  const settings = fc.record({ exclude: fc.constantFrom('*', 'workflow.*', 'context.*').map((glob) => [glob]) })
  fc.assert(
    fc.property(fc.constantFrom(...actions), settings, (action, excluded) => {
      const record = recordOf(action)
      const chain = new Chain([filter(excluded), marker])
      const sent = chain.transform(record)
      expect(sent.attributes['marked']).toBe(true)
      expect([undefined, sent]).toContainEqual(chain.process(record))
      expect(record.attributes).not.toHaveProperty('marked')
    }),
  )
})

test('settings that cannot mean anything are refused', () => {
  const { schema } = processorModules.find(({ type }) => type === 'filter')!
  for (const bad of [{}, { include: [] }, { exclude: [''] }, { exclude: 'a' }, { excludes: ['a'] }]) {
    expect(schema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
  }
  expect(schema.parse({ exclude: ['workflow.job.*'] })).toEqual({ exclude: ['workflow.job.*'] })
})
