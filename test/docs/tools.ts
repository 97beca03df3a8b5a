// The commands of other programs that the pages show: which there are, and the options each takes as the pages use it, `=`
// behind those that take a value. A command or an option that is not here is a fault of the page, or a line to be added
// after a look at the tool's own reference; test/docs/tools.slow.test.ts compares the list with every tool at hand.
import type { Words } from './shell.ts'

/** Options by tool and command; those under a tool's own name are taken by all of its commands. */
export const tools: Readonly<Record<string, string>> = {
  aws: '--region= --profile=',
  'aws iam create-open-id-connect-provider': '--url= --client-id-list=',
  'aws iam create-role': '--role-name= --assume-role-policy-document=',
  'aws iam put-role-policy': '--role-name= --policy-name= --policy-document=',
  'aws s3 cp': '--recursive',
  'aws s3api create-bucket': '--bucket= --create-bucket-configuration=',
  'aws s3api put-bucket-lifecycle-configuration': '--bucket= --lifecycle-configuration=',
  'aws s3api put-bucket-notification-configuration': '--bucket= --notification-configuration=',
  'aws s3api put-public-access-block': '--bucket= --public-access-block-configuration=',
  'aws sqs create-queue': '--queue-name= --attributes=',
  'az role assignment create': '--assignee= --role= --scope=',
  'az eventgrid event-subscription create':
    '--name= --source-resource-id= --endpoint-type= --endpoint= --included-event-types= --subject-begins-with=',
  cd: '',
  curl: '-f -s -S -H= -d= --data-binary= -G',
  docker: '',
  'docker build': '-f= -t= --platform= --build-arg=',
  'docker compose up': '-f= --build -d',
  'docker push': '',
  'docker run': '--rm --read-only --tmpfs= --memory= --hostname= -v= -e=',
  export: '',
  'gcloud storage buckets add-iam-policy-binding': '--member= --role=',
  'git clone': '',
  grep: '-c -v',
  helm: '-n= --namespace=',
  'helm install': '--create-namespace --values= -f= --set= --wait --timeout=',
  'helm upgrade': '--values= -f= --set= --wait --install --timeout=',
  'helm test': '--logs',
  'helm rollback': '--wait',
  install: '-d -m=',
  journalctl: '-f -u=',
  jq: '-r -s -c',
  kubectl: '-n= --namespace=',
  'kubectl apply': '-f= -k=',
  'kubectl create namespace': '',
  'kubectl create secret generic': '--from-literal= --from-file= --dry-run= -o=',
  'kubectl exec': '',
  'kubectl logs': '-f --since=',
  'kubectl port-forward': '',
  'promtool check rules': '',
  'promtool test rules': '',
  sort: '-r -n',
  systemctl: '',
  'systemctl edit': '',
  'systemctl enable': '--now',
  'systemctl restart': '',
  tail: '-n=',
  tar: '-c -z -f= --transform= -C=',
  uniq: '-c -d',
}

export interface Parsed {
  /** The longest name in the list that the words begin with. */
  readonly command: string
  readonly options: readonly string[]
  /** What is left: names, paths, and what follows `--`. */
  readonly rest: Words
  readonly problems: readonly string[]
}

/** What a command of another program says; `stop` ends its options at the first name (`docker run IMAGE …`). */
export function parsed(words: Words): Parsed {
  const tool = words[0] ?? ''
  const common = optionsOf(tools[tool])
  const name = commandOf(words, everyOption(tool))
  if (name === undefined)
    return { command: tool, options: [], rest: [], problems: [`no command known: ${words.join(' ')}`] }
  const known = new Map([...common, ...optionsOf(tools[name.command])])
  return { command: name.command, ...read(name.rest, known, name.command === 'docker run') }
}

/** Those of all of a tool's commands: some stand before the command's last word (`docker compose -f FILE up`). */
function everyOption(tool: string): Options {
  const lists = Object.entries(tools).filter(([name]) => name === tool || name.startsWith(`${tool} `))
  return optionsOf(lists.map(([, list]) => list).join(' '))
}

function commandOf(words: Words, common: Options): { command: string; rest: Words } | undefined {
  const bare = words.map((word, at) => ({ word, isName: !/^-/.test(word) && !takesValue(words[at - 1], common) }))
  const names = bare.filter(({ isName }) => isName).map(({ word }) => word)
  for (let length = Math.min(4, names.length); length > 0; length--) {
    const command = names.slice(0, length).join(' ')
    if (command in tools && (length > 1 || !hasCommands(command))) return { command, rest: without(bare, length) }
  }
  return undefined
}

function hasCommands(tool: string): boolean {
  return Object.keys(tools).some((name) => name.startsWith(`${tool} `))
}

function without(words: readonly { word: string; isName: boolean }[], names: number): Words {
  let left = names
  return words.flatMap(({ word, isName }) => (isName && left-- > 0 ? [] : [word]))
}

type Options = ReadonlyMap<string, boolean>

/** Each option, and whether it takes a value. */
export function optionsOf(list = ''): Options {
  const each = list.split(' ').filter((one) => one !== '')
  return new Map(each.map((one) => [one.replace(/=$/, ''), one.endsWith('=')]))
}

function takesValue(word: string | undefined, known: Options): boolean {
  return word !== undefined && known.get(word) === true
}

function read(words: Words, known: Options, stops: boolean): Omit<Parsed, 'command'> {
  const [options, rest, problems]: [string[], string[], string[]] = [[], [], []]
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--' || (stops && !word.startsWith('-')))
      return { options, rest: [...rest, ...words.slice(at)], problems }
    if (!/^-./.test(word)) rest.push(word)
    else {
      const last = optionsIn(word, known, options, problems)
      if (takesValue(last, known) && !word.includes('=')) at++
    }
  }
  return { options, rest, problems }
}

/** Takes the options of a word (`-czf` has three); returns the last. */
function optionsIn(word: string, known: Options, options: string[], problems: string[]): string {
  const name = word.replace(/=.*/s, '')
  const names = known.has(name) || name.startsWith('--') ? [name] : [...name.slice(1)].map((letter) => `-${letter}`)
  for (const one of names) {
    options.push(one)
    if (!known.has(one)) problems.push(`${one} is no option known`)
  }
  return names.at(-1) ?? ''
}
