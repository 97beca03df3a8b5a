resource "aws_sqs_queue" "this" {
  count = local.has_queue ? 1 : 0

  name = var.name
  # A message is held for one commit to the ledger. What is lost after two weeks is found by the forwarder's own listing.
  visibility_timeout_seconds = 60
  message_retention_seconds  = 1209600
  receive_wait_time_seconds  = 20

  kms_master_key_id       = local.queue_key
  sqs_managed_sse_enabled = var.queue_encryption == "sqs" ? true : null

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[0].arn
    maxReceiveCount     = 10
  })

  tags = var.tags
}

resource "aws_sqs_queue" "dead" {
  count = local.has_queue ? 1 : 0

  name                      = "${var.name}-dead"
  message_retention_seconds = 1209600
  kms_master_key_id         = local.queue_key
  sqs_managed_sse_enabled   = var.queue_encryption == "sqs" ? true : null

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })

  tags = var.tags
}

resource "aws_sqs_queue_policy" "this" {
  count = local.has_queue ? 1 : 0

  queue_url = aws_sqs_queue.this[0].url
  policy    = module.policies.queue
}

# AWS's managed key for SQS has a policy that nobody can change, and S3 is not in it.
resource "aws_kms_key" "queue" {
  count = local.makes_key ? 1 : 0

  description         = "Notifications of new audit objects in ${var.bucket}"
  enable_key_rotation = true
  policy              = module.policies.queue_key
  tags                = var.tags
}

resource "aws_kms_alias" "queue" {
  count = local.makes_key ? 1 : 0

  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.queue[0].key_id
}
