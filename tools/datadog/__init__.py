"""Datadog's monitors: the alerts in its words, of the series that its OpenMetrics check makes.

The check (deploy/datadog/values.yaml) takes the prefix `eval_watchdog_` for its namespace: a gauge
`eval_watchdog_source_up` is `eval_watchdog.source_up` there, a counter `eval_watchdog_x_total` is
`eval_watchdog.x.count`. Nothing waits for `for`: a monitor looks back over a time of its own.
"""
