variable "name" {
  description = "What the queue, its key and the roles are called, and what their names begin with."
  type        = string
  default     = "circleci-audit"
}

variable "tags" {
  description = "Tags of everything that has tags."
  type        = map(string)
  default     = {}
}

# The bucket

variable "bucket" {
  description = "Name of the bucket that CircleCI writes into."
  type        = string
}

variable "create_bucket" {
  description = "Whether to make the bucket. Otherwise it must exist, and nothing of it is changed."
  type        = bool
  default     = true
}

variable "prefix" {
  description = "What stands before `year=...` in the keys, as in the form of CircleCI. Empty for none."
  type        = string
  default     = "audit-logs"
}

variable "imports_prefix" {
  description = "Where in the bucket CSV files are laid for the forwarder to import (`imports.prefix` of its receiver). Null: nowhere."
  type        = string
  default     = null
}

variable "bucket_owner" {
  description = "Account of an existing bucket, where it is another than this one."
  type        = string
  default     = null
}

variable "bucket_key_arn" {
  description = "ARN of the KMS key that encrypts the objects: of the new bucket, or as the existing one has it. Without it, S3's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_key_arn == null || can(regex(":key/", var.bucket_key_arn))
    error_message = "Policies do not follow aliases: give the ARN of the key itself."
  }
}

variable "retention_days" {
  description = "After how many days the objects of a new bucket expire. It is how long a destination may be down. Null: never."
  type        = number
  default     = null

  validation {
    condition     = var.retention_days == null || coalesce(var.retention_days, 30) >= 14
    error_message = "What expires before it is delivered is lost: give 14 days or more."
  }
}

# How new objects are announced

variable "announce" {
  description = <<-EOT
    How the queue hears of new objects:
    - `bucket`: the bucket tells it. The bucket's notifications become this module's, which a new bucket has no others of.
    - `eventbridge`: by a rule. An existing bucket must send its events to EventBridge already; nothing of it is changed.
    - `topic`: by subscribing to the SNS topic that the bucket tells (`topic_arn`). Nothing of the bucket is changed.
    - `elsewhere`: whoever manages the bucket's notifications adds the queue there. It is allowed, and nothing more.
    - `none`: no queue. The forwarder finds new objects by listing.
    By default `bucket` for a new bucket and `elsewhere` for an existing one.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.announce == null || contains(["bucket", "eventbridge", "topic", "elsewhere", "none"], coalesce(var.announce, "none"))
    error_message = "Write bucket, eventbridge, topic, elsewhere or none."
  }
}

variable "replace_notifications" {
  description = "For `announce = \"bucket\"` on an existing bucket: all its other notifications are removed, now and whenever this is applied. Say so here if there are none."
  type        = bool
  default     = false
}

variable "topic_arn" {
  description = "ARN of the SNS topic that the bucket tells, for `announce = \"topic\"`."
  type        = string
  default     = null
}

variable "queue_encryption" {
  description = "`kms`: with a key that the senders may use, made here unless `queue_key_arn` names one. `sqs`: with SQS's own keys, at no cost."
  type        = string
  default     = "kms"

  validation {
    condition     = contains(["kms", "sqs"], var.queue_encryption)
    error_message = "Write kms or sqs. AWS's managed key (alias/aws/sqs) is none of them: S3 may not use it, and nothing would arrive."
  }
}

variable "queue_key_arn" {
  description = "ARN of an existing KMS key for the queue. Its policy must let the sender use it: see the output `queue_key_statement`."
  type        = string
  default     = null

  validation {
    condition     = var.queue_key_arn == null || can(regex(":key/", var.queue_key_arn))
    error_message = "Policies do not follow aliases: give the ARN of the key itself."
  }
}

# Who writes: CircleCI

variable "circleci_organization_id" {
  description = "Id of the organisation at CircleCI. Null: neither its identity provider nor its role are made."
  type        = string
  default     = null

  validation {
    condition     = var.circleci_organization_id == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.circleci_organization_id))
    error_message = "It is the UUID under Organization Settings > Overview."
  }
}

variable "circleci_oidc_provider_arn" {
  description = "ARN of the organisation's identity provider, where the account has it already: jobs that deploy with OIDC use the same one."
  type        = string
  default     = null
}

# Who reads: the forwarder

variable "irsa" {
  description = "The forwarder's pod, by IAM roles for service accounts: ARN of the cluster's OIDC provider, namespace and service account."
  type = object({
    oidc_provider_arn = string
    namespace         = string
    service_account   = string
  })
  default = null
}

variable "pod_identity" {
  description = "The forwarder's pod, by EKS Pod Identity: namespace and service account, and the cluster to associate the role in."
  type = object({
    namespace       = string
    service_account = string
    cluster         = optional(string)
  })
  default = null
}

variable "trusted_arns" {
  description = "ARNs of roles that may become the reader: an ECS task's, an instance's, or one of another account (`role_arn` of the forwarder)."
  type        = list(string)
  default     = []
}

variable "external_id" {
  description = "External id that those of `trusted_arns` must give, as `external_id` of the forwarder says it."
  type        = string
  default     = null
}

variable "doctor" {
  description = "Whether the reader may look at what `doctor` alone asks: the bucket's notifications."
  type        = bool
  default     = true
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of both roles."
  type        = string
  default     = null
}
