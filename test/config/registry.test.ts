import { expect, test } from 'vitest'
import { z } from 'zod'
import { components } from '../../src/cli/components.ts'
import { exporterSchema, laneSettings } from '../../src/config/exporters.ts'

test('no two exporters share a type', () => {
  const types = components.exporters.map(({ type }) => type)
  expect(new Set(types).size).toBe(types.length)
})

test.for(components.exporters)('$type leaves the settings of the lane to the lane', (module) => {
  expect(module.schema).toBeInstanceOf(z.ZodObject)
  const own = Object.keys((module.schema as z.ZodObject).shape)
  expect(own.filter((name) => (laneSettings as readonly string[]).includes(name))).toEqual([])
  expect(() => exporterSchema(module)).not.toThrow()
})
