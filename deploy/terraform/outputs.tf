output "role_arn" {
  description = "The role; for IRSA the chart's serviceAccount.annotations has it."
  value       = aws_iam_role.watchdog.arn
}

output "policy_json" {
  description = "What the role may do."
  value       = data.aws_iam_policy_document.read.json
}

output "chart_values" {
  description = "For the chart: helm install … -f -, given as YAML."
  value = yamlencode(var.oidc_provider_arn == null ? {} : {
    serviceAccount = {
      annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.watchdog.arn }
    }
  })
}
