// Rules and dashboards of the stuck-eval watchdog as a monitoring mixin; needs go-jsonnet 0.18 or
// jsonnet 0.19 (std.parseYaml).
//
//   local watchdog = (import 'mixin.libsonnet') + { _config+:: { clusterLabel: 'k8s_cluster' } };
//
// rules.yaml, alerts.yaml and dashboards/ hold `%(name)s` where installations differ; `words` says
// what stands for each, by the same table as tools/mixin/settings.py.
(import 'config.libsonnet') + {
  local config = self._config,

  local ofCluster(text) = '{{ with $labels.%s }}%s{{ end }}' % [config.clusterLabel, text],

  local words = {
    selected: if config.selector == '' then '' else '{%s}' % config.selector,
    prefixedSelector: if config.selector == '' then '' else config.selector + ',',
    clusterLabel: config.clusterLabel,
    inCluster: ofCluster(' in {{ . }}'),
    varCluster: ofCluster('&var-cluster={{ . | urlquery }}'),
    critical: config.severities.critical,
    warning: config.severities.warning,
    info: config.severities.info,
    runbookUrl: config.runbookUrl,
    runbookSuffix: config.runbookSuffix,
    grafanaUrl: config.grafanaUrl,
    pageUrl: config.pageUrl,
  },

  local tokens = [{ token: '%(' + name + ')s', word: words[name] } for name in std.objectFields(words)],

  local fill(text) = std.foldl(
    function(filled, each) std.strReplace(filled, each.token, each.word), tokens, text
  ),

  local filled(value) =
    if std.isString(value) then fill(value)
    else if std.isArray(value) then [filled(each) for each in value]
    else if std.isObject(value) then { [name]: filled(value[name]) for name in std.objectFields(value) }
    else value,

  prometheusRules+:: filled(std.parseYaml(importstr 'rules.yaml')),

  prometheusAlerts+:: filled(std.parseYaml(importstr 'alerts.yaml')),

  grafanaDashboards+:: {
    'fleet.json': filled(import 'dashboards/fleet.json'),
    'eval-set.json': filled(import 'dashboards/eval-set.json'),
    'watchdog.json': filled(import 'dashboards/watchdog.json'),
  },
}
