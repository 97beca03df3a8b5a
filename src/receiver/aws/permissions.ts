// What every operation of AWS that this program calls needs to be allowed, as data: `policy aws` is made of it. A test
// reads the calls out of the sources and compares, so that neither a call can be added without its permission nor a
// permission stay that no call needs any more.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html

export interface Permission {
  readonly action: string
  /** Which statement it belongs to. */
  readonly statement: StatementName
}

export type StatementName =
  | 'ListAuditObjects'
  | 'ReadAuditObjects'
  | 'TellExpiredFromDeleted'
  | 'HearOfNewObjects'
  | 'CountNotifications'
  | 'LookAtBucketForDoctor'
  | 'KeepCheckpoint'
  | 'BecomeRoles'

/** By the operation's name in the SDKs. */
export const permissions = {
  ListObjectsV2: { action: 's3:ListBucket', statement: 'ListAuditObjects' },
  // Asked for the region it tells even to those it refuses, as it does whoever may list one prefix alone.
  HeadBucket: { action: 's3:ListBucket', statement: 'ListAuditObjects' },
  GetObject: { action: 's3:GetObject', statement: 'ReadAuditObjects' },
  // Below the checkpoint's prefix alone, where it reads and lists as well.
  PutObject: { action: 's3:PutObject', statement: 'KeepCheckpoint' },
  DeleteObject: { action: 's3:DeleteObject', statement: 'KeepCheckpoint' },
  GetBucketLifecycleConfiguration: { action: 's3:GetLifecycleConfiguration', statement: 'TellExpiredFromDeleted' },
  GetBucketNotificationConfiguration: { action: 's3:GetBucketNotification', statement: 'LookAtBucketForDoctor' },
  ReceiveMessage: { action: 'sqs:ReceiveMessage', statement: 'HearOfNewObjects' },
  DeleteMessage: { action: 'sqs:DeleteMessage', statement: 'HearOfNewObjects' },
  DeleteMessageBatch: { action: 'sqs:DeleteMessage', statement: 'HearOfNewObjects' },
  ChangeMessageVisibility: { action: 'sqs:ChangeMessageVisibility', statement: 'HearOfNewObjects' },
  ChangeMessageVisibilityBatch: { action: 'sqs:ChangeMessageVisibility', statement: 'HearOfNewObjects' },
  // For two metrics and `doctor`; where it is denied, both say so and nothing else lacks it.
  GetQueueAttributes: { action: 'sqs:GetQueueAttributes', statement: 'CountNotifications' },
  AssumeRole: { action: 'sts:AssumeRole', statement: 'BecomeRoles' },
} as const satisfies Readonly<Record<string, Permission>>

/** The actions of a statement, each once. */
export function actionsOf(statement: StatementName): readonly string[] {
  const needed = Object.values<Permission>(permissions).filter((permission) => permission.statement === statement)
  return [...new Set(needed.map(({ action }) => action))]
}
