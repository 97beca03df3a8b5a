// What the documents of other programs may say, as far as the pages show some: policies, lifecycles and notifications of
// AWS, a unit's drop-in, a call of the Terraform module, searches of Splunk and Rapid7. Names are those of the vendors'
// references.
import { Ajv } from 'ajv'
import { textOf } from './checkout.ts'

const text = { type: 'string', minLength: 1 }
const oneOrMore = (item: object) => ({ anyOf: [item, { type: 'array', items: item, minItems: 1 }] })
const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})

const action = { type: 'string', pattern: '^(s3|sqs|sns|kms|sts|iam):[A-Z][A-Za-z0-9]+$' }
const arn = { type: 'string', pattern: '^arn:aws[\\w-]*:(s3|sqs|sns|kms|iam):[\\w-]*:\\d*:.+$' }
const operators = ['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike', 'Bool']
const condition = strict(
  Object.fromEntries(operators.map((name) => [name, { type: 'object', additionalProperties: oneOrMore(text) }])),
)
const principal = strict({ Federated: oneOrMore(text), Service: oneOrMore(text), AWS: oneOrMore(text) })
const statement = {
  ...strict(
    {
      Sid: { type: 'string', pattern: '^[A-Za-z0-9]+$' },
      Effect: { enum: ['Allow', 'Deny'] },
      Action: oneOrMore(action),
      Resource: oneOrMore(arn),
      Principal: principal,
      Condition: condition,
    },
    ['Effect', 'Action'],
  ),
  anyOf: [{ required: ['Resource'] }, { required: ['Principal'] }],
}
const policy = strict(
  { Version: { const: '2012-10-17' }, Statement: { type: 'array', items: statement, minItems: 1 } },
  ['Version', 'Statement'],
)

const filter = strict({ Prefix: text })
const rule = strict(
  {
    ID: text,
    Status: { enum: ['Enabled', 'Disabled'] },
    Filter: filter,
    Expiration: strict({ Days: { type: 'integer' } }),
  },
  ['Status', 'Filter'],
)
const lifecycle = strict({ Rules: { type: 'array', items: rule, minItems: 1 } }, ['Rules'])

const filterRule = strict({ Name: { enum: ['prefix', 'suffix'] }, Value: text }, ['Name', 'Value'])
const queueConfiguration = strict(
  {
    QueueArn: arn,
    Events: { type: 'array', items: { enum: ['s3:ObjectCreated:*'] }, minItems: 1 },
    Filter: strict({ Key: strict({ FilterRules: { type: 'array', items: filterRule } }) }),
  },
  ['QueueArn', 'Events'],
)
const notification = strict({ QueueConfigurations: { type: 'array', items: queueConfiguration } }, [
  'QueueConfigurations',
])

const digits = { type: 'string', pattern: '^\\d+$' }
const queue = strict({
  MessageRetentionPeriod: digits,
  SqsManagedSseEnabled: { enum: ['true', 'false'] },
  Policy: text,
})

const ajv = new Ajv({ allErrors: true, strict: false })
const checks = { Statement: policy, Rules: lifecycle, QueueConfigurations: notification, MessageRetentionPeriod: queue }

/** What is wrong with a document of AWS; undefined where it is none that is known. */
export function awsProblems(value: object): readonly string[] | undefined {
  const known = Object.entries(checks).find(([key]) => key in value)
  if (known === undefined) return undefined
  const check = ajv.compile(known[1])
  check(value)
  const inner = 'Policy' in value ? (awsProblems(JSON.parse(String(value.Policy)) as object) ?? ['no policy']) : []
  return [...(check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`), ...inner]
}

/** What is wrong with a unit's drop-in: sections and keys are such as the unit has, or systemd's for credentials. */
export function dropInProblems(ini: string): readonly string[] {
  const unit = textOf('deploy/systemd/circleci-audit-forwarder.service')
  const keys = new Set(['LoadCredential', ...[...unit.matchAll(/^(\w+)=/gm)].map(([, key = '']) => key)])
  return ini.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return []
    const section = /^\[(\w+)\]$/.exec(line)?.[1]
    if (section !== undefined) return unit.includes(line) ? [] : [`no section ${section}`]
    const [, key = ''] = /^(\w+)=\S/.exec(line) ?? []
    return keys.has(key) ? [] : [`no setting: ${line}`]
  })
}

/** What is wrong with a call of the Terraform module in deploy/terraform/aws: its variables and outputs are there. */
export function moduleProblems(hcl: string): readonly string[] {
  const variables = textOf('deploy/terraform/aws/variables.tf')
  const outputs = textOf('deploy/terraform/aws/outputs.tf')
  const bare = hcl.replaceAll(/#.*$/gm, '')
  const given = [...bare.matchAll(/^ {2}(\w+)\s+= /gm)].map(([, name = '']) => name).filter((name) => name !== 'source')
  const nested = [...bare.matchAll(/^ {4}(\w+)\s+= /gm)].map(([, name = '']) => name)
  const used = [...bare.matchAll(/module\.\w+\.(\w+)/g)].map(([, name = '']) => name)
  const required = variables
    .split(/^(?=variable )/m)
    .flatMap((one) => (/^ {2}default /m.test(one) ? [] : (/^variable "(\w+)"/.exec(one)?.[1] ?? [])))
  return [
    ...given.filter((name) => !variables.includes(`variable "${name}"`)).map((name) => `no variable ${name}`),
    ...nested
      .filter((name) => !new RegExp(`^ {4}${name}\\s+= `, 'm').test(variables))
      .map((name) => `no attribute ${name}`),
    ...required.filter((name) => !given.includes(name)).map((name) => `${name} is required`),
    ...used.filter((name) => !outputs.includes(`output "${name}"`)).map((name) => `no output ${name}`),
  ]
}

const splunkCommands =
  /^(search|stats|eventstats|tstats|eval|rename|rex|where|dedup|head|sort|table|datamodel|timechart|fields|spath)\b/

/** What is wrong with searches of Splunk, one or several, each begun by an index or a leading command. */
export function splunkProblems(spl: string): readonly string[] {
  const stages = outsideQuotes(spl.trim().replaceAll(/\n(?=\|)/g, ' '), '|\n')
  return stages
    .map((stage) => stage.trim())
    .filter((stage) => stage !== '' && !/^\(?(index|sourcetype|source)=/.test(stage) && !splunkCommands.test(stage))
    .map((stage) => `no command: ${stage.slice(0, 40)}`)
    .concat(unbalanced(spl))
}

/** What is wrong with queries in Rapid7's language, one a line: clauses it has, each with its parentheses. */
export function leqlProblems(leql: string): readonly string[] {
  return leql
    .trim()
    .split('\n')
    .flatMap((line) => {
      const clauses = line.replaceAll(/"(?:[^"\\]|\\.)*"|\/(?:[^/\\]|\\.)+\//g, 'x')
      const rest = clauses.replaceAll(
        /\b(where|groupby|calculate|having|sort|limit|timeslice|select)\([^()]*(\([^()]*\)[^()]*)*\)/g,
        '',
      )
      return rest.trim() === ''
        ? unbalanced(line.replaceAll(/\/(?:[^/\\]|\\.)+\//g, ''))
        : [`not understood: ${rest.trim()}`]
    })
}

/** What is wrong with searches of Datadog, one a line: terms `facet:value`, one or several, each perhaps negated. */
export function datadogProblems(query: string): readonly string[] {
  const term = /^-?(?:@[a-z_]+(?:\.[\w]+)*|service|source|status|host|late|early|truncated):(?:"[^"]+"|[^\s:"]+)$/
  const terms = query.trim().split(/\s+/)
  return terms.filter((one) => !/^(?:AND|OR)$/.test(one) && !term.test(one)).map((one) => `no term: ${one}`)
}

/** The parts between these characters where they stand outside quotes. */
function outsideQuotes(source: string, separators: string): readonly string[] {
  const parts = ['']
  let quote = false
  for (const [at, char] of [...source].entries()) {
    if (char === '"' && source[at - 1] !== '\\') quote = !quote
    if (!quote && separators.includes(char)) parts.push('')
    else parts.push((parts.pop() ?? '') + char)
  }
  return parts
}

function unbalanced(source: string): readonly string[] {
  const quotes = source.match(/(?<!\\)"/g)?.length ?? 0
  const bare = source.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
  const open = bare.split('(').length - bare.split(')').length
  return [...(quotes % 2 === 0 ? [] : ['a quote that never ends']), ...(open === 0 ? [] : ['parentheses do not close'])]
}
