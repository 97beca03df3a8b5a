# A bucket for CircleCI, and a forwarder that runs as a pod of an EKS cluster with IAM roles for service accounts.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

module "circleci_audit" {
  source = "../.."

  bucket                   = "acme-circleci-audit"
  retention_days           = 400
  circleci_organization_id = "11112222-3333-4444-5555-666677778888"

  irsa = {
    oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D4E5F"
    namespace         = "audit"
    service_account   = "circleci-audit-forwarder"
  }
}

output "circleci" {
  description = "What to type into CircleCI."
  value       = module.circleci_audit.circleci
}

output "receiver" {
  description = "The receiver of the forwarder's configuration."
  value       = module.circleci_audit.receiver
}

output "role_arn" {
  description = "The annotation eks.amazonaws.com/role-arn of the service account."
  value       = module.circleci_audit.reader_role_arn
}
