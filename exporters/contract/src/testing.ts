export { CANARY_MARK, canariesIn, canary, canaryGuid, canaryHex } from './testing/canary.ts'
export {
  conformance,
  type Guarantee,
  type TestFunction,
} from './testing/conformance.ts'
export { type EventParts, eventRecord, eventRecords, sampleActor, sampleContext } from './testing/events.ts'
export {
  type Arrived,
  FakeServer,
  type Scripted,
  type VendorAnswer,
  type VendorBehaviour,
} from './testing/fake-server.ts'
export { overheard, type Search, searchFor } from './testing/overheard.ts'
export { auditRecord, auditRecords, bareRecord, hostileValues } from './testing/records.ts'
export type { ConformanceHarness } from './testing/world.ts'
