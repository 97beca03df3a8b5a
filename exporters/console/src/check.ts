import type { Finding } from '@circleci-audit-forwarder/contract'

/** Whether the output still takes bytes. Whether anybody keeps what it prints cannot be known from here. */
export function checkOutput(
  output: { readonly writable: boolean; readonly isTTY?: boolean | undefined },
  gone: boolean,
): readonly Finding[] {
  const what = output.isTTY ? 'output is open (a terminal)' : 'output is open (not a terminal)'
  if (output.writable && !gone) return [{ level: 'ok', what }]
  const detail = 'the program that read it has ended'
  return [{ level: 'error', what: 'output is closed', detail, next: 'restart the forwarder with a reader' }]
}
