export {
  conformance,
  type Guarantee,
  type TestFunction,
} from './testing/conformance.ts'
export {
  type Arrived,
  FakeServer,
  type Scripted,
  type VendorAnswer,
  type VendorBehaviour,
} from './testing/fake-server.ts'
export { auditRecord, auditRecords, bareRecord, hostileValues } from './testing/records.ts'
export type { ConformanceHarness } from './testing/world.ts'
