// The event that the READMEs show, as every exporter gets it.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { itemOf, textWith } from '../mapping/corpus.ts'

const key = 'audit-logs/year=2026/month=03/day=04/hour=14/2026-03-04T14:10:12_6f1f0a4e66d54d3e9d7521c1c9e1a0010000beef'
const source = { store: 's3://acme-circleci-audit', key, seenAt: 1_772_634_900_000 }

export const exampleRecord: LogRecord = mapEvent(itemOf(textWith({})), source, mappingOptions('0.1.0'))
