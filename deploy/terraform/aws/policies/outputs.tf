output "reader" {
  value = jsonencode(local.reader)
}

output "reader_trust" {
  value = jsonencode(local.reader_trust)
}

output "circleci" {
  value = var.circleci_organization_id == null ? null : jsonencode(local.circleci)
}

output "circleci_trust" {
  value = var.circleci_organization_id == null ? null : jsonencode(local.circleci_trust)
}

output "bucket" {
  value = jsonencode(local.bucket)
}

output "queue" {
  value = var.queue_arn == null ? null : jsonencode(local.queue)
}

output "queue_key" {
  value = var.queue_arn == null ? null : jsonencode(local.queue_key)
}

output "queue_key_statement" {
  value = var.queue_arn == null ? null : jsonencode(local.queue_key_statement)
}
