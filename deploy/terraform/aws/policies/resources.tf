# The policies of the bucket, the queue and the queue's key.

locals {
  sender = {
    bucket      = "s3.amazonaws.com"
    elsewhere   = "s3.amazonaws.com"
    topic       = "sns.amazonaws.com"
    eventbridge = "events.amazonaws.com"
    none        = "s3.amazonaws.com"
  }[var.announce]

  # Whose event it is: the bucket's, the topic's or the rule's.
  source_arn = {
    bucket      = local.bucket_arn
    elsewhere   = local.bucket_arn
    topic       = var.topic_arn
    eventbridge = var.rule_arn
    none        = null
  }[var.announce]

  # A bucket's ARN names no account, and whoever takes a deleted bucket's name could send.
  owned_source = contains(["bucket", "elsewhere"], var.announce) ? { StringEquals = { "aws:SourceAccount" = var.bucket_owner } } : {}

  bucket = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOverTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }

  queue = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TellOfNewObjects"
        Effect    = "Allow"
        Principal = { Service = local.sender }
        Action    = "sqs:SendMessage"
        Resource  = var.queue_arn
        Condition = merge({ ArnEquals = { "aws:SourceArn" = local.source_arn } }, local.owned_source)
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = var.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }

  # As AWS documents it, without a condition: who may send is for the queue's policy, and the key serves that queue alone.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
  queue_key_statement = {
    Sid       = "TheSenderOfNotifications"
    Effect    = "Allow"
    Principal = { Service = local.sender }
    Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
    Resource  = "*"
  }

  queue_key = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountAdministersTheKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      local.queue_key_statement,
    ]
  }
}
