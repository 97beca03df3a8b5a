// The `restricted` Pod Security Standard, which includes `baseline`. Source: Kubernetes, "Pod Security Standards",
// https://kubernetes.io/docs/concepts/security/pod-security-standards/.
import type { Container, PodSpec, Probe, SecurityContext } from './manifests.ts'

const volumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]
const selinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const profiles = ['RuntimeDefault', 'Localhost']

/** Why the pod would be refused, a line each; none if it would not. */
export function refusals(pod: PodSpec): readonly string[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod
  const all = [...containers, ...initContainers, ...ephemeralContainers]
  return [...ofPod(pod), ...all.flatMap((container) => ofContainer(container, pod))]
}

function ofPod(pod: PodSpec): readonly string[] {
  const namespaces = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => pod[name] === true)
  const kinds = (pod.volumes ?? []).flatMap(({ name: _, ...volume }) => Object.keys(volume))
  const { sysctls: set = [] } = pod.securityContext ?? {}
  return [
    ...namespaces.map((name) => `${name} is true`),
    ...kinds.filter((kind) => !volumes.includes(kind)).map((kind) => `a volume is of kind ${kind}`),
    ...set.filter(({ name }) => !sysctls.includes(name)).map(({ name }) => `sysctl ${name}`),
    ...inBoth('the pod', pod.securityContext ?? {}),
  ]
}

/** What may stand in both security contexts, and must not. */
function inBoth(where: string, context: SecurityContext): readonly string[] {
  const selinux = (context['seLinuxOptions'] ?? {}) as Readonly<Record<string, string | undefined>>
  const windows = (context['windowsOptions'] ?? {}) as { readonly hostProcess?: boolean }
  const armor = (context['appArmorProfile'] ?? {}) as { readonly type?: string }
  return [
    ...(context['runAsUser'] === 0 ? [`${where} runs as root`] : []),
    ...(context['runAsNonRoot'] === false ? [`${where} may run as root`] : []),
    ...(context.seccompProfile?.type === 'Unconfined' ? [`${where} has no seccomp profile`] : []),
    ...(windows.hostProcess === true ? [`${where} is a host process`] : []),
    ...(armor.type === 'Unconfined' ? [`${where} has no AppArmor profile`] : []),
    ...(selinuxTypes.includes(selinux['type'] ?? '') ? [] : [`${where} has SELinux type ${selinux['type']}`]),
    ...(selinux['user'] || selinux['role'] ? [`${where} has a SELinux user or role`] : []),
  ]
}

function ofContainer(container: Container, pod: PodSpec): readonly string[] {
  const { name, securityContext: context = {}, ports = [] } = container
  const { add = [], drop = [] } = context.capabilities ?? {}
  const above = pod.securityContext ?? {}
  const nonRoot = context['runAsNonRoot'] ?? above['runAsNonRoot']
  const seccomp = (context.seccompProfile ?? above.seccompProfile)?.type
  const faults = [
    context['privileged'] === true && 'is privileged',
    context['allowPrivilegeEscalation'] !== false && 'may gain privileges',
    !drop.includes('ALL') && 'keeps capabilities',
    add.some((capability) => capability !== 'NET_BIND_SERVICE') && `adds ${add.join(', ')}`,
    nonRoot !== true && 'may run as root',
    !profiles.includes(seccomp ?? '') && 'has no seccomp profile',
    !['Default', undefined].includes(context['procMount'] as string | undefined) && 'sees all of /proc',
    ports.some(({ hostPort = 0 }) => hostPort !== 0) && 'takes a port of the host',
    probesElsewhere(container) && 'has a probe of another host',
  ]
  return [...faults.filter((fault) => fault !== false).map((fault) => `${name} ${fault}`), ...inBoth(name, context)]
}

function probesElsewhere(container: Container): boolean {
  const probes = Object.entries(container).filter(([key]) => key.endsWith('Probe')) as [string, Probe][]
  return probes.some(([, { httpGet, tcpSocket }]) => (httpGet?.host ?? tcpSocket?.host) !== undefined)
}
