// Who checks which code block. Every fenced block of every page is somebody's: what it says is run, parsed or compared by
// the test that is named here, or it stands among the exemptions with the reason why nothing can. The first claim that takes
// a block has it.
import { type Block, kindOf } from './blocks.ts'
import { awsProblems } from './formats.ts'
import { outputs } from './outputs.ts'

export interface Claim {
  readonly what: string
  /** The test that does it. */
  readonly by: string
  readonly takes: (block: Block) => boolean
}

const is = (language: string) => (block: Block) => block.language === language && block.label === ''
const at = (page: string | RegExp, language: string, begins = '') => {
  const matches = typeof page === 'string' ? (path: string) => path === page : (path: string) => page.test(path)
  return (block: Block) =>
    matches(block.page) && block.language === language && block.text.trimStart().startsWith(begins)
}

const exporterReadme = /^exporters\/[\w-]+\/README\.md$/

export const claims: readonly Claim[] = [
  {
    what: 'loaded, rendered or held against a schema, by what it is',
    by: 'test/docs/examples.test.ts',
    takes: (block) => is('yaml')(block) && kindOf(block) !== undefined,
  },
  {
    what: 'run on a file with records',
    by: 'test/docs/own-records.test.ts',
    takes: at('exporters/file/README.md', 'sh', 'jq'),
  },
  { what: 'run on what arrives', by: 'test/docs/guides.test.ts', takes: at('docs/guides/otlp.md', 'sh', 'jq') },
  {
    what: 'the rights that are asked for',
    by: 'test/docs/guides.test.ts',
    takes: at('docs/guides/clickhouse.md', 'sql', 'CREATE USER'),
  },
  { what: 'each command parsed by its program', by: 'test/docs/commands.test.ts', takes: is('sh') },
  { what: 'printed anew', by: 'test/docs/outputs.test.ts', takes: isOutput },
  {
    what: 'run',
    by: 'test/docs/quick-start.slow.test.ts',
    takes: at('README.md', '', 'INFO: circleci-audit-forwarder'),
  },
  { what: 'held to the conformance suite', by: 'test/docs/guide.test.ts', takes: at('CONTRIBUTING.md', 'ts') },
  {
    what: 'an application, run against the vendor',
    by: 'test/docs/readmes.slow.test.ts',
    takes: (block) => at(exporterReadme, 'ts')(block) && block.text.includes('new LoggerProvider('),
  },
  {
    what: 'an exporter and its test, held to the conformance suite',
    by: 'exporters/contract/test/conformance.test.ts',
    takes: at('exporters/contract/README.md', 'ts', 'import'),
  },
  {
    what: 'packed, installed and run',
    by: 'test/plugins/installed.slow.test.ts',
    takes: (block) => block.page === 'docs/plugins.md' && block.label.startsWith('file='),
  },
  {
    what: 'the outcome of the settings beside it',
    by: 'test/docs/processors.test.ts',
    takes: (block) => block.page === 'docs/processors.md' && ['before', 'after', 'body'].includes(block.label),
  },
  { what: 'what `policy aws` prints', by: 'test/cli/policy/policy.test.ts', takes: at('docs/security.md', 'json') },
  { what: 'what arrives', by: 'test/docs/arrivals.test.ts', takes: at(exporterReadme, 'json') },
  { what: 'what a person is told', by: 'test/docs/formats.test.ts', takes: at('docs/own-records.md', 'json') },
  {
    what: 'a document that AWS takes',
    by: 'test/docs/formats.test.ts',
    takes: (block) => is('json')(block) && awsProblems(JSON.parse(block.text) as object) !== undefined,
  },
  {
    what: 'the printed statement',
    by: 'exporters/clickhouse/test/readme.test.ts',
    takes: at(exporterReadme, 'sql', 'CREATE TABLE'),
  },
  {
    what: 'the rights that are asked for',
    by: 'exporters/clickhouse/test/readme.test.ts',
    takes: at(exporterReadme, 'sql', 'GRANT'),
  },
  {
    what: 'parts of a larger document: a unit, a statement',
    by: 'test/docs/formats.test.ts',
    takes: (block) => is('ini')(block) || isClause(block),
  },
  { what: 'run by the engine', by: 'test/exporters/own-records-clickhouse.test.ts', takes: is('sql') },
  { what: "the module's variables and outputs", by: 'test/docs/formats.test.ts', takes: is('hcl') },
  { what: 'commands there are, quotes and parentheses closed', by: 'test/docs/formats.test.ts', takes: is('spl') },
  { what: 'terms it has', by: 'test/docs/formats.test.ts', takes: is('datadog') },
  { what: 'clauses there are, parentheses closed', by: 'test/docs/formats.test.ts', takes: is('leql') },
]

/** A clause of ClickHouse's statement, shown alone. */
function isClause(block: Block): boolean {
  return is('sql')(block) && block.text.startsWith('TTL ')
}

function isOutput({ page, language, text }: Block): boolean {
  return language === '' && outputs.some((output) => output.page === page && text.startsWith(output.begins))
}

export function claimOf(block: Block): Claim | undefined {
  return claims.find(({ takes }) => takes(block))
}

export interface Exemption {
  readonly page: string
  readonly begins: string
  readonly reason: string
}

/** Blocks that nothing can check. */
export const exemptions: readonly Exemption[] = [
  {
    page: 'ARCHITECTURE.md',
    begins: ' bucket ──notifications──┐',
    reason: 'a drawing: it says nothing that could be run, parsed or printed',
  },
]
