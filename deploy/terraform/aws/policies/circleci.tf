# What CircleCI documents for its audit log streaming: the organisation's identity provider, the audience and the subject
# of the stream, and the right to put objects. Nothing else: it lists and reads nothing.
# https://circleci.com/docs/guides/security/audit-logs/

locals {
  issuer = "oidc.circleci.com/org/${coalesce(var.circleci_organization_id, "none")}"

  circleci_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CircleCIStreamingAuditLogs"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.circleci_provider_arn }
      Condition = { StringEquals = {
        "${local.issuer}:aud" = var.circleci_organization_id
        "${local.issuer}:sub" = "org/${coalesce(var.circleci_organization_id, "none")}/file-streaming/audit-logs"
      } }
    }]
  }

  circleci = {
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "PutAuditObjects"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["${local.bucket_arn}/*"]
      }],
      # S3 asks for a data key in the name of whoever puts an object.
      [for key in var.bucket_key_arn[*] : {
        Sid       = "EncryptAuditObjects"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey"]
        Resource  = [key]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.${var.dns_suffix}" } }
      }],
    )
  }
}
