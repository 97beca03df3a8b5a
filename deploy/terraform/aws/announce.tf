# A bucket has one notification configuration, and whoever writes it writes the whole. So it is written here only where
# the bucket is new, or where it is said that there are no others to lose.

resource "aws_s3_bucket_notification" "this" {
  count = local.announce == "bucket" || (local.announce == "eventbridge" && var.create_bucket) ? 1 : 0

  bucket      = var.create_bucket ? aws_s3_bucket.this[0].id : var.bucket
  eventbridge = local.announce == "eventbridge"

  dynamic "queue" {
    for_each = local.announce == "bucket" ? [1] : []

    content {
      id            = var.name
      queue_arn     = aws_sqs_queue.this[0].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = local.prefix == "" ? null : "${local.prefix}/"
    }
  }

  lifecycle {
    precondition {
      condition     = var.create_bucket || var.replace_notifications
      error_message = "This would remove every other notification of ${var.bucket}. Say `announce = \"elsewhere\"` and add the queue where the bucket is managed, or `replace_notifications = true` if there are none."
    }
  }

  # S3 sends a test event, and refuses a queue that does not take it.
  depends_on = [aws_sqs_queue_policy.this, aws_kms_key.queue]
}

resource "aws_sns_topic_subscription" "this" {
  count = local.announce == "topic" ? 1 : 0

  topic_arn            = var.topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.this[0].arn
  raw_message_delivery = true

  lifecycle {
    precondition {
      condition     = var.topic_arn != null
      error_message = "`announce = \"topic\"` needs `topic_arn`."
    }
  }

  depends_on = [aws_sqs_queue_policy.this]
}

resource "aws_cloudwatch_event_rule" "this" {
  count = local.announce == "eventbridge" ? 1 : 0

  name        = var.name
  description = "New audit objects in ${var.bucket}"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = merge(
      { bucket = { name = [var.bucket] } },
      local.prefix == "" ? {} : { object = { key = [{ prefix = "${local.prefix}/" }] } },
    )
  })

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  count = local.announce == "eventbridge" ? 1 : 0

  rule = aws_cloudwatch_event_rule.this[0].name
  arn  = aws_sqs_queue.this[0].arn

  depends_on = [aws_sqs_queue_policy.this]
}
