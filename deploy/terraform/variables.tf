variable "bucket" {
  description = "The bucket that holds the logs."
  type        = string
}

variable "prefix" {
  description = "Below which key the logs lie, with the slash at its end. Empty for the whole bucket."
  type        = string
  default     = "evals/"

  validation {
    condition     = var.prefix == "" || (endswith(var.prefix, "/") && !startswith(var.prefix, "/"))
    error_message = "The prefix has no slash at its beginning and one at its end, such as evals/."
  }
}

variable "kms_key_arns" {
  description = "The keys that the bucket's objects are encrypted with, where they are yours."
  type        = list(string)
  default     = []
}

variable "namespace" {
  description = "The namespace that the watchdog is installed in."
  type        = string
  default     = "watchdog"
}

variable "service_account" {
  description = "The watchdog's service account, as the chart names it in a release `watchdog`."
  type        = string
  default     = "watchdog-stuck-eval-watchdog"
}

variable "oidc_provider_arn" {
  description = "The cluster's IAM OIDC provider, for IRSA. Null without."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "An OIDC provider's ARN looks like arn:aws:iam::111122223333:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID."
  }
}

variable "cluster_name" {
  description = "The EKS cluster, for EKS Pod Identity. Null without."
  type        = string
  default     = null
}

variable "name" {
  description = "The role's name."
  type        = string
  default     = "stuck-eval-watchdog"
}

variable "permissions_boundary" {
  description = "The ARN of a permissions boundary for the role. Null without."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags for everything that is made."
  type        = map(string)
  default     = {}
}
