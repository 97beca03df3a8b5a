import type { IncomingHttpHeaders } from 'node:http'
import type { Exception } from './exception.ts'

/** Who may come in. Without it anyone. */
export interface Access {
  readonly user: string
  readonly password: string
  /** A token that is taken in place of user and password, as ClickHouse Cloud does. */
  readonly bearer?: string
}

/** Why a request is refused; undefined if it may pass. Ways to say who one is must not be mixed. */
export function refusal(headers: IncomingHttpHeaders, address: URL, access: Access | undefined): Exception | undefined {
  if (access === undefined) return undefined
  const own = headers['x-clickhouse-user'] !== undefined || headers['x-clickhouse-key'] !== undefined
  if (own && headers.authorization !== undefined)
    return denied('it is not allowed to use X-ClickHouse HTTP headers and Authorization HTTP header simultaneously')
  const bearer = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer === access.bearer ? undefined : denied('the token is not valid')
  const [user, password] = said(headers, address)
  if (user === access.user && password === access.password) return undefined
  return denied(`${user}: password is incorrect, or there is no user with such name.`)
}

function said(headers: IncomingHttpHeaders, address: URL): readonly [string, string] {
  const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const [user = '', ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    return [user, password.join(':')]
  }
  const of = (header: string, parameter: string) => headers[header]?.toString() ?? address.searchParams.get(parameter)
  return [of('x-clickhouse-user', 'user') ?? 'default', of('x-clickhouse-key', 'password') ?? '']
}

function denied(why: string): Exception {
  return { code: 516, message: `Authentication failed: ${why} (AUTHENTICATION_FAILED)` }
}
