{
  _config+:: {
    // Matchers of every series, such as 'job="watchdog", namespace="evals"', where not all watchdogs
    // that this Prometheus scrapes are meant. Of the job, its namespace and the cluster alone: no
    // other label outlives a pod.
    selector: '',

    // The label that tells clusters apart.
    clusterLabel: 'cluster',

    // In order: somebody is called; it can wait for the morning; nobody hears of it.
    severities: { critical: 'critical', warning: 'warning', info: 'info' },

    // Where docs/runbook/ can be read, and what follows a page's name there: nothing on a site.
    runbookUrl: 'https://runbook.example.org',
    runbookSuffix: '.md',

    // Where the dashboards are, and the watchdog's own page.
    grafanaUrl: 'https://grafana.example.org',
    pageUrl: 'https://watchdog.example.org',
  },
}
