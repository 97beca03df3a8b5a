# Plans without an account: the provider is a mock, so nothing is asked of AWS. `terraform test` runs them.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }
}

variables {
  bucket                   = "acme-circleci-audit"
  circleci_organization_id = "11112222-3333-4444-5555-666677778888"
  irsa = {
    oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B"
    namespace         = "audit"
    service_account   = "circleci-audit-forwarder"
  }
}

run "a_new_bucket" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket.this) == 1 && length(aws_s3_bucket_notification.this[0].queue) == 1
    error_message = "The bucket is made, and tells the queue."
  }
  assert {
    condition     = aws_s3_bucket_notification.this[0].queue[0].filter_prefix == "audit-logs/"
    error_message = "It tells of what CircleCI writes."
  }
  assert {
    condition     = length(aws_kms_key.queue) == 1 && aws_sqs_queue.this[0].sqs_managed_sse_enabled == null
    error_message = "The queue has a key of its own."
  }
  assert {
    condition     = aws_iam_openid_connect_provider.circleci[0].url == "https://oidc.circleci.com/org/11112222-3333-4444-5555-666677778888"
    error_message = "The identity provider is the organisation's."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.circleci[0].policy).Statement[0].Action == ["s3:PutObject"]
    error_message = "CircleCI may put objects."
  }
  assert {
    condition     = length(jsondecode(aws_iam_role_policy.circleci[0].policy).Statement) == 1
    error_message = "CircleCI may do nothing else."
  }
  assert {
    condition     = output.circleci.bucket == "acme-circleci-audit/audit-logs"
    error_message = "CircleCI's form takes bucket and prefix in one."
  }
}

run "an_existing_bucket_is_left_as_it_is" {
  command = plan

  variables {
    create_bucket = false
  }

  assert {
    condition = length(concat(
      aws_s3_bucket.this, aws_s3_bucket_notification.this, aws_s3_bucket_policy.this, aws_s3_bucket_versioning.this,
      aws_s3_bucket_lifecycle_configuration.this, aws_s3_bucket_public_access_block.this,
      aws_s3_bucket_ownership_controls.this, aws_s3_bucket_server_side_encryption_configuration.this,
    )) == 0
    error_message = "Nothing of an existing bucket is managed here, its notifications least of all."
  }
  assert {
    condition     = length(aws_sqs_queue.this) == 1
    error_message = "The queue is there, and allowed to be told."
  }
}

run "notifications_of_others_are_not_removed_unsaid" {
  command = plan

  variables {
    create_bucket = false
    announce      = "bucket"
  }

  expect_failures = [aws_s3_bucket_notification.this]
}

run "notifications_are_taken_over_where_it_is_said" {
  command = plan

  variables {
    create_bucket         = false
    announce              = "bucket"
    replace_notifications = true
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 1
    error_message = "It was said that there are no others."
  }
}

run "an_existing_bucket_by_eventbridge" {
  command = plan

  variables {
    create_bucket = false
    announce      = "eventbridge"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && length(aws_cloudwatch_event_target.this) == 1
    error_message = "A rule is added, and the bucket is left alone."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this[0].event_pattern).detail.object.key == [{ prefix = "audit-logs/" }]
    error_message = "The rule is about what CircleCI writes."
  }
}

run "an_existing_bucket_by_its_topic" {
  command = plan

  variables {
    create_bucket = false
    announce      = "topic"
    topic_arn     = "arn:aws:sns:eu-west-1:111122223333:uploads"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && aws_sns_topic_subscription.this[0].protocol == "sqs"
    error_message = "A subscription is added, and the bucket is left alone."
  }
}

run "a_topic_must_be_named" {
  command = plan

  variables {
    create_bucket = false
    announce      = "topic"
  }

  expect_failures = [aws_sns_topic_subscription.this]
}

run "without_a_queue" {
  command = plan

  variables {
    announce = "none"
  }

  assert {
    condition     = length(aws_sqs_queue.this) == 0 && length(aws_kms_key.queue) == 0 && length(aws_s3_bucket_notification.this) == 0
    error_message = "The forwarder lists; there is nothing else to pay for."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.reader.policy, "sqs:")
    error_message = "The reader needs no queue."
  }
}

run "keys_of_sqs" {
  command = plan

  variables {
    queue_encryption = "sqs"
  }

  assert {
    condition     = length(aws_kms_key.queue) == 0 && aws_sqs_queue.this[0].sqs_managed_sse_enabled && aws_sqs_queue.dead[0].sqs_managed_sse_enabled
    error_message = "SQS encrypts with keys of its own."
  }
}

run "the_accounts_own_identity_provider" {
  command = plan

  variables {
    circleci_oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.circleci.com/org/11112222-3333-4444-5555-666677778888"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.circleci) == 0 && length(aws_iam_role.circleci) == 1
    error_message = "An account has one provider for an address."
  }
}

run "a_pod_by_pod_identity" {
  command = plan

  variables {
    irsa         = null
    pod_identity = { namespace = "audit", service_account = "circleci-audit-forwarder", cluster = "acme" }
  }

  assert {
    condition     = length(aws_eks_pod_identity_association.reader) == 1
    error_message = "The role is associated in the cluster."
  }
}

run "nobody_to_read" {
  command = plan

  variables {
    irsa = null
  }

  expect_failures = [aws_iam_role.reader]
}

run "an_expiry_too_short" {
  command = plan

  variables {
    retention_days = 7
  }

  expect_failures = [var.retention_days]
}

run "the_whole" {
  command = apply

  variables {
    bucket_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
    retention_days = 400
  }

  assert {
    condition     = strcontains(output.receiver, "expected_bucket_owner") && strcontains(output.receiver, "queue_url")
    error_message = "The receiver can be pasted into the forwarder's configuration."
  }
  assert {
    condition     = aws_sqs_queue.this[0].kms_master_key_id == aws_kms_key.queue[0].arn
    error_message = "The queue's messages are encrypted with the key that S3 may use."
  }
}
