// The checker of the standard, against pods that break one rule each.
import { expect, test } from 'vitest'
import type { PodSpec } from './manifests.ts'
import { refusals } from './restricted.ts'

const context = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const container = { name: 'a', image: 'b', securityContext: context }
const good: PodSpec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container],
  volumes: [{ name: 'v', emptyDir: {} }],
}

const withContainer = (change: object) => ({ ...good, containers: [{ ...container, ...change }] })
const withContext = (change: object) => withContainer({ securityContext: { ...context, ...change } })
const withPod = (change: object) => ({ ...good, securityContext: { ...good.securityContext, ...change } })

test('a restricted pod passes', () => {
  expect(refusals(good)).toEqual([])
  expect(refusals(withContext({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }))).toEqual([])
})

test.each<readonly [string, PodSpec]>([
  ['hostNetwork', { ...good, hostNetwork: true }],
  ['hostPID', { ...good, hostPID: true }],
  ['hostPath', { ...good, volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
  ['nfs', { ...good, volumes: [{ name: 'v', nfs: {} }] }],
  ['sysctl', withPod({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] })],
  ['root by default', withPod({ runAsNonRoot: undefined })],
  ['root', withPod({ runAsUser: 0 })],
  ['root in the container', withContext({ runAsUser: 0 })],
  ['no seccomp', withPod({ seccompProfile: undefined })],
  ['unconfined in the container', withContext({ seccompProfile: { type: 'Unconfined' } })],
  ['privileged', withContext({ privileged: true })],
  ['escalation by default', withContext({ allowPrivilegeEscalation: undefined })],
  ['capabilities kept', withContext({ capabilities: {} })],
  ['capabilities added', withContext({ capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } })],
  ['host port', withContainer({ ports: [{ containerPort: 1, hostPort: 1 }] })],
  ['probe of another host', withContainer({ livenessProbe: { httpGet: { path: '/', port: 1, host: 'x' } } })],
  ['proc', withContext({ procMount: 'Unmasked' })],
  ['host process', withPod({ windowsOptions: { hostProcess: true } })],
  ['AppArmor', withPod({ appArmorProfile: { type: 'Unconfined' } })],
  ['SELinux', withContext({ seLinuxOptions: { type: 'spc_t' } })],
  ['a sidecar', { ...good, initContainers: [{ name: 'c', image: 'd' }] }],
])('%s is refused', (_, pod) => {
  expect(refusals(pod)).not.toEqual([])
})
