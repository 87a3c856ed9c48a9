# A role that may read the logs, for IRSA (oidc_provider_arn) or EKS Pod Identity (cluster_name).
# What it may do stands in ../iam/policy.json, the file that the project's tests run the service under.

data "aws_partition" "current" {}

locals {
  # oidc.eks.REGION.amazonaws.com/id/ID: the issuer, under whose name a token's claims stand
  issuer = var.oidc_provider_arn == null ? "" : split("oidc-provider/", var.oidc_provider_arn)[1]

  policy = templatefile("${path.module}/../iam/policy.json", {
    partition = data.aws_partition.current.partition
    bucket    = var.bucket
    prefix    = var.prefix
  })
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.oidc_provider_arn == null ? [] : [var.oidc_provider_arn]

    content {
      sid     = "IRSA"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:sub"
        values   = ["system:serviceaccount:${var.namespace}:${var.service_account}"]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.cluster_name == null ? [] : [var.cluster_name]

    content {
      sid     = "PodIdentity"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "Service"
        identifiers = ["pods.eks.amazonaws.com"]
      }
    }
  }
}

data "aws_iam_policy_document" "read" {
  source_policy_documents = [local.policy]

  dynamic "statement" {
    for_each = length(var.kms_key_arns) == 0 ? [] : [var.kms_key_arns]

    content {
      sid       = "DecryptLogs"
      actions   = ["kms:Decrypt"]
      resources = statement.value
    }
  }
}

resource "aws_iam_role" "watchdog" {
  name                 = var.name
  description          = "Reads the logs of evaluations for the stuck-eval watchdog."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = var.oidc_provider_arn != null || var.cluster_name != null
      error_message = "Say who takes the role: oidc_provider_arn for IRSA, cluster_name for EKS Pod Identity."
    }
  }
}

resource "aws_iam_role_policy" "read" {
  name   = "read-logs"
  role   = aws_iam_role.watchdog.id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_eks_pod_identity_association" "watchdog" {
  count = var.cluster_name == null ? 0 : 1

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.watchdog.arn
  tags            = var.tags
}
