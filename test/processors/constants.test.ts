import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { module as attributes } from '../../src/processors/attributes.ts'
import { Chain } from '../../src/processors/chain.ts'
import { module as filter } from '../../src/processors/filter.ts'
import { module as severity } from '../../src/processors/severity.ts'
import { textWith } from '../mapping/corpus.ts'
import { filterOf, recordOf, transformerOf } from './records.ts'

const record = recordOf(textWith({}))
const own: LogRecord = { ...record, eventName: 'circleci_audit_forwarder.gap.opened', severityNumber: 18 }

test('constant attributes are set on every record, and replace those of the receiver', () => {
  const processor = transformerOf(attributes, { set: { tenant: 'acme', shard: 7, live: true } })
  expect(record.attributes['tenant']).toBe('blue')
  for (const one of [record, own]) {
    expect(processor.transform(one).attributes).toEqual({ ...one.attributes, tenant: 'acme', shard: 7, live: true })
    expect(processor.transform(one).resource).toBe(record.resource)
  }
})

test('attributes of the resource: one resource for all records, so that they are grouped', () => {
  const processor = transformerOf(attributes, {
    resource: { 'deployment.environment.name': 'prod', 'service.name': 'ci' },
  })
  const [one, other] = [processor.transform(record), processor.transform(recordOf(textWith({ id: 'x' })))]
  expect(one.resource.attributes).toEqual({ 'service.name': 'ci', 'deployment.environment.name': 'prod' })
  expect(other.resource).toBe(one.resource)
  expect(one.attributes).toEqual(record.attributes)
  expect(record.resource.attributes).toEqual({ 'service.name': 'circleci' })
  const second = transformerOf(attributes, { resource: { tenant: 'acme' } }).transform(one)
  expect(second.resource.attributes).toEqual({ ...one.resource.attributes, tenant: 'acme' })
})

test('what the event says cannot be set', () => {
  for (const name of [
    ...['circleci.audit.actor.name', 'circleci.audit', 'user.name', 'client.address', 'log.record.uid', 'error.type'],
    ...[
      'circleci_audit_forwarder.source.key',
      'aws.s3.key',
      'geo.country.iso_code',
      'user_agent.original',
      '__proto__',
    ],
  ]) {
    const settings = { set: Object.fromEntries([[name, 'x']]) }
    expect(attributes.schema.safeParse(settings).success, name).toBe(false)
  }
  expect(attributes.schema.safeParse({ set: { 'users.name': 'x', 'deployment.environment.name': 'y' } }).success).toBe(
    true,
  )
  for (const bad of [{}, { set: {} }, { set: { a: null } }, { set: { a: [1] } }, { set: { 'a b': 1 } }]) {
    expect(attributes.schema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
  }
})

test('severity is set by the first glob that matches, in every spelling of the action', () => {
  const processor = transformerOf(severity, { set: { 'context.secrets.*': 'critical', 'context.*': 'warning' } })
  const levelOf = (action: string) => {
    const { severityNumber, severityText } = processor.transform(recordOf(textWith({ action })))
    return [severityNumber, severityText]
  }
  expect(levelOf('context.secrets.accessed')).toEqual([18, 'critical'])
  expect(levelOf('context-secrets-accessed')).toEqual([18, 'critical'])
  expect(levelOf('context.delete')).toEqual([13, 'warning'])
  expect(levelOf('project.delete')).toEqual([18, 'critical'])
  expect(levelOf('project.add')).toEqual([9, 'info'])
})

test('a record whose severity is right already is the very record, and own records keep theirs', () => {
  const processor = transformerOf(severity, { set: { '*': 'info' } })
  expect(processor.transform(record)).toBe(record)
  expect(processor.transform(own)).toBe(own)
})

test('severities that cannot mean anything are refused', () => {
  for (const bad of [{}, { set: {} }, { set: { 'context.*': 'fatal' } }, { set: ['*'] }, { overrides: {} }]) {
    expect(severity.schema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
  }
})

test('a filter sees what the processors before it made of a record', () => {
  const raise = transformerOf(severity, { set: { 'context.secrets.*': 'critical' } })
  const floor = filterOf(filter, { min_severity: 'critical' })
  expect(new Chain([raise, floor]).process(record)).toMatchObject({ severityText: 'critical' })
  expect(new Chain([floor, raise]).process(record)).toBeUndefined()
})

test('without processors a record is neither copied nor looked at', () => {
  const untouchable = new Proxy(record, {
    get: () => {
      throw new Error('looked at')
    },
  })
  const chain = new Chain([])
  expect(Object.is(chain.process(untouchable), untouchable)).toBe(true)
  expect(Object.is(chain.transform(untouchable), untouchable)).toBe(true)
})
