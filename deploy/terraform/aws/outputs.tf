output "circleci" {
  description = "What to type into CircleCI: Organization Settings > Security > Audit Logs."
  value = {
    role_arn = one(aws_iam_role.circleci[*].arn)
    region   = local.region
    bucket   = local.prefix == "" ? var.bucket : "${var.bucket}/${local.prefix}"
  }
}

output "reader_role_arn" {
  description = "The forwarder's role. With IRSA, the annotation eks.amazonaws.com/role-arn of its service account."
  value       = aws_iam_role.reader.arn
}

output "receiver" {
  description = "The receiver for the forwarder's configuration, as YAML."
  value       = yamlencode(local.receiver)
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = local.bucket_arn
}

output "queue_arn" {
  description = "ARN of the queue, for a notification that is managed elsewhere."
  value       = one(aws_sqs_queue.this[*].arn)
}

output "queue_url" {
  description = "URL of the queue."
  value       = one(aws_sqs_queue.this[*].url)
}

output "queue_key_statement" {
  description = "What the policy of a key of your own (`queue_key_arn`) must say besides, as JSON."
  value       = module.policies.queue_key_statement
}

locals {
  receiver = {
    circleci_audit = merge(
      { store = { s3 = merge(local.store, local.prefix == "" ? {} : { prefix = local.prefix }) } },
      var.imports_prefix == null ? {} : { imports = { prefix = var.imports_prefix } },
      local.has_queue ? { notifications = { sqs = { queue_url = aws_sqs_queue.this[0].url } } } : {},
    )
  }
  store = { bucket = var.bucket, region = local.region, expected_bucket_owner = local.owner }
}
