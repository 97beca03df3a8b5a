// AWS is several: partitions with regions, names and address endings of their own, which share nothing. Which one something
// belongs to is read from what the operator wrote anyway (a region, a queue's URL), so there is no setting for it.
// Source: partitions.json of the AWS SDKs. A region that is in none of the patterns is taken for one of the first
// partition, as the SDKs do, because that is where new ones appear.

interface Partition {
  readonly name: string
  readonly region: RegExp
  /** Ending of the services' addresses; the second of those that are reached over IPv6 too. */
  readonly suffixes: readonly [string, string]
}

const commercial: Partition = {
  name: 'aws',
  region: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/,
  suffixes: ['amazonaws.com', 'api.aws'],
}
const partitions: readonly Partition[] = [
  { name: 'aws-us-gov', region: /^us-gov-\w+-\d+$/, suffixes: ['amazonaws.com', 'api.aws'] },
  { name: 'aws-cn', region: /^cn-\w+-\d+$/, suffixes: ['amazonaws.com.cn', 'api.amazonwebservices.com.cn'] },
  { name: 'aws-eusc', region: /^eusc-de-\w+-\d+$/, suffixes: ['amazonaws.eu', 'api.amazonwebservices.eu'] },
  { name: 'aws-iso', region: /^us-iso-\w+-\d+$/, suffixes: ['c2s.ic.gov', 'api.aws.ic.gov'] },
  { name: 'aws-iso-b', region: /^us-isob-\w+-\d+$/, suffixes: ['sc2s.sgov.gov', 'api.aws.scloud'] },
  { name: 'aws-iso-e', region: /^eu-isoe-\w+-\d+$/, suffixes: ['cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'] },
  { name: 'aws-iso-f', region: /^us-isof-\w+-\d+$/, suffixes: ['csp.hci.ic.gov', 'api.aws.hci.ic.gov'] },
  commercial,
]

function ofRegion(region: string | undefined): Partition {
  return partitions.find((partition) => partition.region.test(region ?? '')) ?? commercial
}

/** The second part of every ARN: `aws`, `aws-us-gov`, `aws-cn`, … */
export function partitionOf(region: string | undefined): string {
  return ofRegion(region).name
}

/** What the addresses of a region's services end in, as policies name them: `amazonaws.com`. */
export function suffixOf(region: string | undefined): string {
  return ofRegion(region).suffixes[0]
}

/** Whether an address is one of AWS's own: public, FIPS, dual stack, or that of a VPC endpoint. */
export function isAws(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return partitions.some(({ suffixes }) => suffixes.some((suffix) => host.endsWith(`.${suffix}`)))
}

/** The region that one of AWS's addresses names; undefined for those that name none, and for others' addresses. */
export function regionOf(url: string): string | undefined {
  if (!isAws(url)) return undefined
  // From the right: a bucket before the service's name may be called anything.
  const labels = URL.parse(url)?.hostname.split('.').reverse() ?? []
  return labels.find((label) => partitions.some((partition) => partition.region.test(label)))
}

/** What a queue's URL says of it. */
export interface QueuePlace {
  readonly partition: string
  readonly region: string
  readonly account: string
  readonly name: string
  readonly arn: string
}

/** A queue of AWS by its URL; undefined for another service's, and for an address of before regions had names in it. */
export function queuePlace(url: string): QueuePlace | undefined {
  const region = regionOf(url)
  const [, account, name] = /^\/(\d{12})\/([\w.-]+)$/.exec(URL.parse(url)?.pathname ?? '') ?? []
  if (region === undefined || account === undefined || name === undefined) return undefined
  const partition = partitionOf(region)
  return { partition, region, account, name, arn: `arn:${partition}:sqs:${region}:${account}:${name}` }
}
