import type { Config } from '../config/schema.ts'
import { Staging } from '../receiver/imports/staging.ts'

/**
 * Where files to be imported are copied: beside the ledger. Undefined where that is no file. A copy of the ledger that a
 * newer release left (`ledger.db.schema-15`) goes on with the ledger's own.
 */
export function openStaging({ service }: Config): Staging | undefined {
  const path = service.ledger.sqlite?.path
  return path === undefined
    ? undefined
    : new Staging({ folder: `${path.replace(/\.schema-\d+$/, '')}.imports`, maxBytes: service.imports.max_bytes })
}
