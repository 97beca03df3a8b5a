# The least that the forwarder needs. A test compares it with what `circleci-audit-forwarder policy aws` prints, statement
# by statement; where the two differ, that one is right.

locals {
  bucket_arn = "arn:${var.partition}:s3:::${var.bucket}"
  below      = var.prefix == "" ? "" : "${var.prefix}/"
  owned      = { StringEquals = { "aws:ResourceAccount" = var.bucket_owner } }

  # Below the prefix, and below that of files to be imported where it lies beside it.
  imported = [for prefix in var.imports_prefix[*] : "${trim(prefix, "/")}/"]
  keys     = [for prefix in concat([local.below], [for one in local.imported : one if !startswith(one, local.below)]) : "${prefix}*"]
  listing  = length(local.keys) == 1 ? jsonencode(local.keys[0]) : jsonencode(local.keys)

  reader = {
    Version = "2012-10-17"
    Statement = [for statement in [
      {
        Sid       = "ListAuditObjects"
        Action    = ["s3:ListBucket"]
        Resource  = [local.bucket_arn]
        Condition = jsonencode(merge(local.owned, var.prefix == "" ? {} : { StringLike = { "s3:prefix" = jsondecode(local.listing) } }))
        needed    = true
      },
      {
        Sid       = "ReadAuditObjects"
        Action    = ["s3:GetObject"]
        Resource  = [for key in local.keys : "${local.bucket_arn}/${key}"]
        Condition = jsonencode(local.owned)
        needed    = true
      },
      {
        Sid       = "TellExpiredFromDeleted"
        Action    = ["s3:GetLifecycleConfiguration"]
        Resource  = [local.bucket_arn]
        Condition = jsonencode(local.owned)
        needed    = true
      },
      {
        Sid       = "LookAtBucketForDoctor"
        Action    = ["s3:GetBucketNotification"]
        Resource  = [local.bucket_arn]
        Condition = jsonencode(local.owned)
        needed    = var.doctor
      },
      {
        Sid       = "DecryptAuditObjects"
        Action    = ["kms:Decrypt"]
        Resource  = [var.bucket_key_arn]
        Condition = jsonencode({ StringEquals = { "kms:ViaService" = "s3.${var.region}.${var.dns_suffix}" } })
        needed    = var.bucket_key_arn != null
      },
      {
        Sid       = "HearOfNewObjects"
        Action    = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
        Resource  = [var.queue_arn]
        Condition = null
        needed    = var.queue_arn != null
      },
      {
        Sid       = "CountNotifications"
        Action    = ["sqs:GetQueueAttributes"]
        Resource  = [var.queue_arn]
        Condition = null
        needed    = var.queue_arn != null
      },
      {
        Sid       = "DecryptNotifications"
        Action    = ["kms:Decrypt"]
        Resource  = [var.queue_key_arn]
        Condition = jsonencode({ StringEquals = { "kms:ViaService" = "sqs.${var.region}.${var.dns_suffix}" } })
        needed    = var.queue_key_arn != null
      },
      ] : merge(
      { Sid = statement.Sid, Effect = "Allow", Action = statement.Action, Resource = statement.Resource },
      statement.Condition == null ? {} : { Condition = jsondecode(statement.Condition) },
    ) if statement.needed]
  }
}

locals {
  irsa_issuer = var.irsa == null ? "" : replace(var.irsa.oidc_provider_arn, "/^.*:oidc-provider\\//", "")

  reader_trust = {
    Version = "2012-10-17"
    Statement = concat(
      [for pod in var.irsa[*] : {
        Sid       = "ThePodByItsServiceAccount"
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = pod.oidc_provider_arn }
        Condition = { StringEquals = {
          "${local.irsa_issuer}:aud" = distinct(["sts.amazonaws.com", "sts.${var.dns_suffix}"])
          "${local.irsa_issuer}:sub" = "system:serviceaccount:${pod.namespace}:${pod.service_account}"
        } }
      }],
      [for pod in var.pod_identity[*] : {
        Sid       = "ThePodByPodIdentity"
        Effect    = "Allow"
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Principal = { Service = "pods.eks.amazonaws.com" }
        Condition = { StringEquals = {
          "aws:RequestTag/kubernetes-namespace"       = pod.namespace
          "aws:RequestTag/kubernetes-service-account" = pod.service_account
        } }
      }],
      [for trusted in(length(var.trusted_arns) > 0 ? [var.trusted_arns] : []) : merge(
        { Sid = "OtherRoles", Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = trusted } },
        var.external_id == null ? {} : { Condition = { StringEquals = { "sts:ExternalId" = var.external_id } } },
      )],
    )
  }
}
