data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  account    = data.aws_caller_identity.this.account_id
  partition  = data.aws_partition.this.partition
  dns_suffix = data.aws_partition.this.dns_suffix
  region     = data.aws_region.this.region

  prefix     = trim(var.prefix, "/")
  bucket_arn = "arn:${local.partition}:s3:::${var.bucket}"
  owner      = coalesce(var.bucket_owner, local.account)
  announce   = coalesce(var.announce, var.create_bucket ? "bucket" : "elsewhere")
  has_queue  = local.announce != "none"
  makes_key  = local.has_queue && var.queue_encryption == "kms" && var.queue_key_arn == null
  queue_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}"
  queue_key  = local.makes_key ? one(aws_kms_key.queue[*].arn) : (var.queue_encryption == "kms" ? var.queue_key_arn : null)

  makes_provider = var.circleci_organization_id != null && var.circleci_oidc_provider_arn == null
}

# Every policy is made by a module without a provider, so that it can be evaluated and compared anywhere.
module "policies" {
  source = "./policies"

  partition  = local.partition
  dns_suffix = local.dns_suffix
  region     = local.region
  account    = local.account

  bucket         = var.bucket
  bucket_owner   = local.owner
  prefix         = local.prefix
  imports_prefix = var.imports_prefix
  bucket_key_arn = var.bucket_key_arn

  queue_arn     = local.has_queue ? local.queue_arn : null
  queue_key_arn = local.has_queue ? local.queue_key : null
  announce      = local.announce
  topic_arn     = var.topic_arn
  rule_arn      = local.announce == "eventbridge" ? "arn:${local.partition}:events:${local.region}:${local.account}:rule/${var.name}" : null

  circleci_organization_id = var.circleci_organization_id
  circleci_provider_arn    = local.makes_provider ? one(aws_iam_openid_connect_provider.circleci[*].arn) : var.circleci_oidc_provider_arn

  irsa         = var.irsa
  pod_identity = var.pod_identity
  trusted_arns = var.trusted_arns
  external_id  = var.external_id
  doctor       = var.doctor
}
