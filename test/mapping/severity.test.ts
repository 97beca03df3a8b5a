import { expect, test } from 'vitest'
import { foldAction } from '../../src/domain/action.ts'
import type { Level } from '../../src/domain/severity.ts'
import { actionLevels } from '../../src/mapping/actions.ts'
import { levelOfAction, levelOfEvent, overridesFrom } from '../../src/mapping/severity.ts'

function level(action: string, success?: boolean, payload?: unknown, severities: Record<string, Level> = {}): Level {
  const folded = foldAction(action)
  return levelOfEvent({ raw: action, folded, base: levelOfAction(folded), success, payload }, overridesFrom(severities))
}

test('84 actions are known and no two fold into one', () => {
  const names = Object.keys(actionLevels)
  expect(names).toHaveLength(84)
  expect(new Set(names.map(foldAction)).size).toBe(84)
})

test('an action is found in every spelling', () => {
  for (const [action, wanted] of Object.entries(actionLevels)) {
    expect(level(action)).toBe(wanted)
    expect(level(action.replaceAll('.', '-').toUpperCase())).toBe(wanted)
  }
})

test.each([
  ['context.secrets.accessed', 'critical'],
  ['project.env_var.create', 'critical'],
  ['project.api_token.create', 'critical'],
  ['project.ssh_key.delete', 'critical'],
  ['checkout-key.create', 'critical'],
  ['deploy-keys.delete', 'critical'],
  ['role_grant.delete', 'critical'],
  ['group_member.remove', 'critical'],
  ['org.create', 'critical'],
  ['org_member.remove', 'critical'],
  ['organization.settings.update', 'critical'],
  ['user.logged_in', 'critical'],
  ['audit_log.requested', 'critical'],
  ['workflow.job.context.request', 'warning'],
  ['workflow.job.finish', 'info'],
  ['build.create', 'info'],
  ['orb.publish.dev', 'info'],
  ['webhook.create', 'warning'],
] as const)('a failed %s is %s', (action, wanted) => {
  expect(level(action, false)).toBe(wanted)
})

test('a pipeline with a configuration of its own is a warning, whatever the spelling', () => {
  expect(level('trigger_event.create', true, { 'config-source': 'api' })).toBe('warning')
  expect(level('trigger-event.create', true, { config_source: ' API ' })).toBe('warning')
  expect(level('trigger_event.create', false, { 'config-source': 'api' })).toBe('warning')
  expect(level('trigger_event.create', true, { 'config-source': 'vcs' })).toBe('info')
  for (const payload of [null, 'api', ['api'], 7]) expect(level('trigger_event.create', true, payload)).toBe('info')
})

test.each([
  ['runner.token.created', 'warning'],
  ['org.sso.enabled', 'warning'],
  ['pipeline.definition.deleted', 'warning'],
  ['cache.delete-all', 'warning'],
  ['pipeline.definition.undeleted', 'info'],
  ['pipeline.definition.viewed', 'info'],
  ['', 'info'],
] as const)('an unknown %j is %s', (action, wanted) => {
  expect(level(action, true)).toBe(wanted)
})

test('the operator has the last word, and the first that matches is theirs', () => {
  const severities = { 'context.env_var.*': 'info', 'context.*': 'warning', 'workflow.job.*': 'critical' } as const
  expect(level('context.env_var.store', false, {}, severities)).toBe('info')
  expect(level('context-env_var-store', false, {}, severities)).toBe('info')
  expect(level('context.delete', false, {}, severities)).toBe('warning')
  expect(level('workflow-job-start', true, {}, severities)).toBe('critical')
  expect(level('project.delete', true, {}, severities)).toBe('critical')
})
