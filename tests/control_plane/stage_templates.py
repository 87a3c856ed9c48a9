"""What kwok writes into the status of a pod or a node, as Go templates."""

# Templates of Go; FIRST and OTHERS are what is said of the first container and of the rest.
CONTAINERS = """
containerStatuses:
{{ $pod := . }}
{{ range $number, $container := .spec.containers }}
- name: {{ $container.name | Quote }}
  image: {{ $container.image | Quote }}
  imageID: ""
{{ if eq $number 0 }}
FIRST
{{ else }}
OTHERS
{{ end }}
{{ end }}
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: false
  restartCount: 0
  state:
    terminated: {exitCode: 0, reason: Completed, finishedAt: {{ Now | Quote }}}
{{ end }}
{{ end }}
"""
CONDITIONS = """
conditions:
{{ range $kind, $status := dict "PodScheduled" "True" "Initialized" "True" }}
- {type: {{ $kind }}, status: {{ $status | Quote }}, lastTransitionTime: {{ Now | Quote }}}
{{ end }}
- {type: ContainersReady, status: "READY", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "READY", lastTransitionTime: {{ Now | Quote }}}
"""
PLACED = """
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}
startTime: {{ Now | Quote }}
"""
RUNS = """
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ Now | Quote }}}}
"""
GOES_ON = """
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $pod.status.startTime | Quote }}}}
"""
WAITS = """
  ready: false
  started: false
  restartCount: COUNT
  state: {waiting: {reason: REASON, message: {{ printf "MESSAGE" $container.image | Quote }}}}
"""
ENDED = """
  ready: false
  started: false
  restartCount: 0
  state: {terminated: TERMINATED}
"""
RESTART = """
  ready: true
  started: true
  restartCount: 1
  state: {running: {startedAt: {{ Now | Quote }}}}
  lastState: {terminated: TERMINATED}
"""
TERMINATED = (
    "{exitCode: CODE, reason: REASON, startedAt: {{ $pod.status.startTime | Quote }}, "
    "finishedAt: {{ Now | Quote }}}"
)
NODE = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ NodeName | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
phase: Running
"""
