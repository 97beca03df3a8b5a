# Who writes. CircleCI shows a token of its own identity provider; there is no user and no key.

resource "aws_iam_openid_connect_provider" "circleci" {
  count = local.makes_provider ? 1 : 0

  url            = "https://oidc.circleci.com/org/${var.circleci_organization_id}"
  client_id_list = [var.circleci_organization_id]
  tags           = var.tags
}

resource "aws_iam_role" "circleci" {
  count = var.circleci_organization_id != null ? 1 : 0

  name                 = "${var.name}-writer"
  description          = "CircleCI, streaming audit logs into ${var.bucket}"
  assume_role_policy   = module.policies.circleci_trust
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "circleci" {
  count = var.circleci_organization_id != null ? 1 : 0

  name   = "write"
  role   = aws_iam_role.circleci[0].id
  policy = module.policies.circleci
}
