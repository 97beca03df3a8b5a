// The parts of a record, one by one. The display line is not searched for names but written again from the attributes as
// they are now: it shows names cut short and without their code host, which no search would find.
import { type LogRecord, ORIGINAL, WELL_FORMED } from '@circleci-audit-forwarder/contract'
import { type Displayed, displayLine, type Named } from '../../domain/display.ts'
import { isOwn } from '../audit-event.ts'
import { changedResource } from '../resource.ts'
import { rewriteJson } from './json-text.ts'
import type { Pass } from './pass.ts'
import type { Action } from './paths.ts'
import { type Attributes, rewriteAttributes, rewriteValue } from './values.ts'

export interface Redactor {
  /** The instance as configured: it is named where an original is withheld. */
  readonly name: string
  /** What is to happen to the original as a whole. */
  readonly original: Action | undefined
}

/** The record as one pass leaves it. The very record if nothing changes. */
export function redactRecord(record: LogRecord, pass: Pass, by: Redactor): LogRecord {
  const original = originalOf(record, pass, by)
  const attributes = rewriteAttributes(record.attributes, pass)
  const resource = changedResource(record.resource, (all) => rewriteAttributes(all, pass))
  const body = bodyOf(record, attributes, pass)
  const isSame =
    original === record[ORIGINAL] &&
    attributes === record.attributes &&
    resource === record.resource &&
    body === record.body
  if (isSame) return record
  // What the record says of its attributes refers to those that were redacted.
  return { ...record, attributes, resource, body, [ORIGINAL]: original, [WELL_FORMED]: undefined } as LogRecord
}

function originalOf(record: LogRecord, pass: Pass, by: Redactor): string | undefined {
  const original = record[ORIGINAL]
  if (original === undefined || original === '') return original
  const rewritten = rewriteJson(original, pass.paths.root, pass, 0)
  if (by.original !== undefined) return pass.replaced(by.original, original) as string | undefined
  return rewritten ?? `[withheld by ${by.name}: the original is not JSON, so nobody can say what is in it]`
}

function bodyOf(record: LogRecord, attributes: Attributes, pass: Pass): LogRecord['body'] {
  const { body } = record
  const spot = pass.paths.root.step('body')
  if (spot.action !== undefined) return pass.replaced(spot.action, body) as LogRecord['body']
  const hasLine = attributes !== record.attributes && !isOwn(record) && body === lineOf(record.attributes)
  if (hasLine) return lineOf(attributes)
  return rewriteValue(body, spot, pass, []) as LogRecord['body']
}

/** The line that mapping writes for an event with these attributes. */
function lineOf(attributes: Attributes): string {
  const success = attributes['circleci.audit.success']
  const displayed: Displayed = {
    actor: namedIn(attributes, 'circleci.audit.actor'),
    action: text(attributes['circleci.audit.action']) || 'unknown',
    target: namedIn(attributes, 'circleci.audit.target'),
    success: typeof success === 'boolean' ? success : undefined,
  }
  return displayLine(displayed)
}

function namedIn(attributes: Attributes, party: string): Named {
  return {
    id: text(attributes[`${party}.id`]),
    type: text(attributes[`${party}.type`]),
    name: text(attributes[`${party}.name`]),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
