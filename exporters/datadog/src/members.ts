import { jsonText } from '@circleci-audit-forwarder/contract'

/** The members of a JSON object (without braces) and one more, if there is a value for it. */
export function add(members: string, name: string, value: string | number | undefined): string {
  if (value === undefined) return members
  return members === '' ? `"${name}":${jsonText(value)}` : `${members},"${name}":${jsonText(value)}`
}

/** A number that JSON can hold. */
export function finite(value: unknown): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined
}
