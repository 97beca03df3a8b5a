import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ActionGlob, foldAction } from '../../src/domain/action.ts'
import { matchesGlob } from '../../src/domain/glob.ts'

const letter = fc.constantFrom('a', 'b', '.', '(')
const globs = fc.array(fc.oneof(letter, fc.constantFrom('*', '?')), { maxLength: 8 }).map((parts) => parts.join(''))
const texts = fc.array(letter, { maxLength: 10 }).map((parts) => parts.join(''))

test('matches as the regular expression would that the glob stands for', () => {
  fc.assert(
    fc.property(globs, texts, (glob, text) => {
      const source = glob.replace(/[.(]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
      expect(matchesGlob(glob, text)).toBe(new RegExp(`^${source}$`, 's').test(text))
    }),
    { numRuns: 5000 },
  )
})

test('many stars do not make it slow: with backtracking over all of them this would not end', () => {
  expect(matchesGlob(`${'a*'.repeat(30)}b`, 'a'.repeat(2000))).toBe(false)
})

test('an action glob meets raw and folded spellings', () => {
  const glob = new ActionGlob('context.env_var.*')
  const hits = (action: string) => glob.matches(action, foldAction(action))
  expect(['context.env_var.store', 'context-env_var-store', 'CONTEXT.ENV_VAR.STORE'].map(hits)).toEqual([
    true,
    true,
    true,
  ])
  expect(['context.env_variable.store', 'x.context.env_var.store'].map(hits)).toEqual([false, false])
  expect(new ActionGlob('checkout-key.*').matches('checkout-key.delete-all', 'checkout.key.delete.all')).toBe(true)
})

test('folding is stable', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => foldAction(foldAction(text)) === foldAction(text)))
  expect(foldAction('project.toggle-abusive')).toBe('project.toggle.abusive')
  expect(foldAction('..A__b!')).toBe('a.b')
})
