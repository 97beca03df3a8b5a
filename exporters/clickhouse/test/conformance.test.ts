import { conformance } from '@circleci-audit-forwarder/contract/testing'
import { describe, test } from 'vitest'
import { type Layout, layouts, module } from '../src/index.ts'
import { rowsIn, spoken } from './spoken.ts'

const maxBodyBytes = 8_000_000

function idIn(row: { id?: string; LogAttributes?: Record<string, string> }): string {
  return row.id ?? row.LogAttributes?.['log.record.uid'] ?? ''
}

function suite(layout: Layout, credential: 'password' | 'access_token'): void {
  conformance(
    {
      create: (address, { secret, timeoutMs }) => {
        const settings = module.schema.parse({ endpoint: address, layout: layout.name, [credential]: secret })
        return module.create({ ...settings, timeout: timeoutMs })
      },
      behave: spoken(layout),
      ids: (request) => rowsIn<Parameters<typeof idIn>[0]>(request).map(idIn),
      maxBodyBytes,
    },
    test,
  )
}

describe.each(layouts)('$name', (layout) => suite(layout, 'password'))
describe('with a token', () => suite(layouts[0], 'access_token'))
