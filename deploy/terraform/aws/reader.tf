# Who reads: the forwarder, with what `circleci-audit-forwarder policy aws` prints for it and nothing else.

resource "aws_iam_role" "reader" {
  name                 = "${var.name}-reader"
  description          = "The forwarder, reading audit logs from ${var.bucket}"
  assume_role_policy   = module.policies.reader_trust
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = var.irsa != null || var.pod_identity != null || length(var.trusted_arns) > 0
      error_message = "Nobody could become the reader: give `irsa`, `pod_identity` or `trusted_arns`."
    }
  }
}

resource "aws_iam_role_policy" "reader" {
  name   = "read"
  role   = aws_iam_role.reader.id
  policy = module.policies.reader
}

resource "aws_eks_pod_identity_association" "reader" {
  count = try(var.pod_identity.cluster, null) != null ? 1 : 0

  cluster_name    = var.pod_identity.cluster
  namespace       = var.pod_identity.namespace
  service_account = var.pod_identity.service_account
  role_arn        = aws_iam_role.reader.arn
  tags            = var.tags
}
