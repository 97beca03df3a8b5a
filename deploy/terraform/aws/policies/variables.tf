variable "partition" {
  type = string
}

variable "dns_suffix" {
  type = string
}

variable "region" {
  type = string
}

variable "account" {
  type = string
}

variable "bucket" {
  type = string
}

variable "bucket_owner" {
  type = string
}

variable "prefix" {
  type = string
}

variable "imports_prefix" {
  type    = string
  default = null
}

variable "bucket_key_arn" {
  type    = string
  default = null
}

variable "queue_arn" {
  type    = string
  default = null
}

variable "queue_key_arn" {
  type    = string
  default = null
}

variable "announce" {
  type    = string
  default = "none"
}

variable "topic_arn" {
  type    = string
  default = null
}

variable "rule_arn" {
  type    = string
  default = null
}

variable "circleci_organization_id" {
  type    = string
  default = null
}

variable "circleci_provider_arn" {
  type    = string
  default = null
}

variable "irsa" {
  type = object({
    oidc_provider_arn = string
    namespace         = string
    service_account   = string
  })
  default = null
}

variable "pod_identity" {
  type = object({
    namespace       = string
    service_account = string
    cluster         = optional(string)
  })
  default = null
}

variable "trusted_arns" {
  type    = list(string)
  default = []
}

variable "external_id" {
  type    = string
  default = null
}

variable "doctor" {
  type    = bool
  default = true
}
