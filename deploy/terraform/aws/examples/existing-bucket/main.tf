# A bucket that is there, is managed elsewhere and tells others of its objects. Nothing of it is changed here: the queue is
# added where its notifications are. The forwarder runs as a pod with EKS Pod Identity.

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
  region = "us-gov-west-1"
}

module "circleci_audit" {
  source = "../.."

  bucket         = "acme-logs"
  create_bucket  = false
  prefix         = "circleci"
  bucket_key_arn = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"

  circleci_organization_id   = "11112222-3333-4444-5555-666677778888"
  circleci_oidc_provider_arn = "arn:aws-us-gov:iam::111122223333:oidc-provider/oidc.circleci.com/org/11112222-3333-4444-5555-666677778888"

  pod_identity = {
    cluster         = "acme"
    namespace       = "audit"
    service_account = "circleci-audit-forwarder"
  }
}

# Where the bucket is managed: one resource holds all of its notifications, and this one is added to the others.
resource "aws_s3_bucket_notification" "logs" {
  bucket = "acme-logs"

  topic {
    topic_arn     = "arn:aws-us-gov:sns:us-gov-west-1:111122223333:uploads"
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "elb/"
  }

  queue {
    id            = "circleci-audit"
    queue_arn     = module.circleci_audit.queue_arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "circleci/"
  }

  depends_on = [module.circleci_audit]
}
