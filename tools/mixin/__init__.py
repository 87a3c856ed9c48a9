"""Rules and dashboards with the words of one installation put in.

deploy/mixin/ holds them with `%(name)s` where installations differ. Python (`tools.deploy`) and
jsonnet (deploy/mixin/mixin.libsonnet) replace the same words by plain text, and so may Helm.
"""
