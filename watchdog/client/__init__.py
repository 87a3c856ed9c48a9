"""Where commands read from: a service by its API, or targets and the cluster by one look."""
