"""Steps that several causes ask for, mildest first, each with the exact command.

Sources: `hawk … --help` of hawk 3.7.2, `inspect ctl … --help` of inspect_ai 0.3.285. Cancelling
and requeueing are two steps for a reason: while a cancelled sample unwinds, a requeue does nothing
and says that all is well.
"""

from watchdog.model.action import Action

EVIDENCE = Action(
    "tell", "Save the evidence first: `watchdog evidence <evidence-of> --output evidence.tar.gz`"
)
EXPLAIN = Action(
    "look", "See what was weighed, and what would change it: `watchdog explain <target>`"
)
REQUEST = Action("look", "Look at the failing request: `watchdog evidence <evidence-of> --content`")
TRANSCRIPT = Action("look", "Read the sample's conversation: `hawk transcript <sample-uuid>`")
RUNNER_LOG = Action("look", "Read the runner's log: `hawk logs {eval_set_id}`")
RUNNER_USE = Action(
    "look",
    "See what the runner uses: `kubectl top pod -n <runner-namespace> <runner-pod>`",
    ("runner_alive",),
)
STACKTRACE = Action(
    "look", "See where the runner stands: `hawk stacktrace {eval_set_id}`", ("runner_alive",)
)
ANOMALIES = Action(
    "look",
    "See what the process waits for; its trace is read, so this works on a frozen one too: "
    "`<in-runner>inspect ctl process anomalies`",
)
LISTING = Action(
    "look", "See what the runner says of its samples: `<in-runner>inspect ctl sample list`"
)

CANCEL_TOOL_CALL = Action(
    "mend",
    "Cancel the tool call: the model is told that it timed out, and the sample goes on; nothing "
    "else is lost: "
    "`<in-runner>inspect ctl sample cancel-tool-call <task-id> <sample-id> <epoch>`",
)
CANCEL_LOST_CALL = Action(
    "mend",
    "A call in a sandbox that is gone can't return. Cancel it: the sample goes on, or errs at its "
    "next command: "
    "`<in-runner>inspect ctl sample cancel-tool-call <task-id> <sample-id> <epoch>`",
    ("pod_lost",),
)
FEWER_CONNECTIONS = Action(
    "mend",
    "Lower it while it runs, here to half of what it began with; no sample is interrupted: "
    "`<in-runner>inspect ctl config --max-connections <fewer-connections>`",
)

RUNNER_FIRST = Action(
    "look",
    "First see to its runner, which is gone or does nothing any more: nothing of this goes on by "
    "itself before",
)
"""In place of all that asks to wait, or needs a runner at work."""
MORE_LIKE_IT = "{} more like it: `watchdog samples <evidence-of> --state stuck`"
"""Behind a step that names one sample of several."""
WAIT_FOR_PROVIDER = Action(
    "wait",
    "It is everybody's trouble on this model: when the provider is back, its samples go on by "
    "themselves. End none of them",
    ("shared",),
)
WAIT_FOR_HISTORY = Action(
    "wait",
    "End nothing yet: older events are still being read, and whether others on this model succeed "
    "isn't known before",
    ("shared",),
)
"""In place of `WAIT_FOR_PROVIDER`, which rests on nobody's success, while not all is read."""
STOP_SAMPLE = Action(
    "restart",
    "End only this sample and score what it has; the others go on: "
    "`hawk stop {eval_set_id} --sample <sample-uuid>`",
    ("runner_alive",),
)
STOP_SAMPLE_ERROR = Action(
    "restart",
    "Or end it as an error, unscored, where a score would mean nothing; this eval goes on after "
    "one: `hawk stop {eval_set_id} --sample <sample-uuid> --error`",
    ("runner_alive",),
)
CANCEL_SAMPLE = Action(
    "restart",
    "Or have it begin anew, in place; what it did is lost. First cancel it: "
    "`<in-runner>inspect ctl sample cancel <task-id> <sample-id> <epoch> --action cancel`",
)
REQUEUE_SAMPLE = Action(
    "restart",
    "Only after `<in-runner>inspect ctl sample show <task-id> <sample-id> <epoch>` says "
    "cancelled: `<in-runner>inspect ctl sample requeue <task-id> <sample-id> <epoch>`",
)
SAMPLE_ANEW = (CANCEL_SAMPLE, REQUEUE_SAMPLE)
"""A sample runs again within its run, in two steps."""

STOP = Action(
    "restart",
    "End the whole eval set for good: what runs is scored with what it has, what hasn't begun with "
    "nothing: `hawk stop {eval_set_id}`",
    ("runner_alive",),
)
RESUME = Action(
    "restart",
    "Start the runner anew under the same id; finished samples are kept, those that ran begin "
    "anew (secrets are to be given again): `hawk eval-set resume {eval_set_id}`",
    ("resumable",),
)
RESUME_MENDED = Action(
    "mend",
    "Exit code 78: its configuration can't work, and starting it again as it is won't help. Mend "
    "it, then: `hawk eval-set resume {eval_set_id} --config <config.yaml>`",
    ("configuration_refused",),
)
RESUMED = (RESUME, RESUME_MENDED)
"""What brings back an eval set whose runner is gone, by why it is gone."""
ERRED_ANEW = Action(
    "restart",
    "Samples that ended in it are tried anew once it is mended and the eval set is over; those "
    "that completed are kept: `hawk eval-set resume {eval_set_id}`",
    ("ended",),
)
DELETE_RUNNER = Action(
    "restart",
    "Last, where only a new runner helps: nothing that runs can be saved, and the evidence is: "
    "`hawk delete {eval_set_id}`; what runs is lost, finished samples and what waits its turn are "
    "not",
    ("runner_alive", "all_stuck"),
)
RESUME_AFTER = Action(
    "restart",
    "After that, start it anew under the same id; those that ran begin anew (secrets are to be "
    "given again): `hawk eval-set resume {eval_set_id}`",
    ("runner_alive", "all_stuck"),
)
NEW_RUNNER = (DELETE_RUNNER, RESUME_AFTER)
"""Not `hawk stop`: that ends what waits its turn too, scored with nothing, and a resume takes it
for finished (hawk 3.7.2, `runner/stop_monitor.py`)."""
DELETE_LEFTOVERS = Action(
    "restart",
    "Nothing is left to save: take the rest away, the logs stay: `hawk delete {eval_set_id}`",
    ("ended",),
)
RETRY_LOCALLY = Action(
    "restart",
    "End the process (Ctrl-C), then run the rest anew; finished samples are kept, those that ran "
    "begin anew: `inspect eval-retry <log>`",
    ("local",),
)
"""For an evaluation that runs on this machine, without Hawk."""
RETRY_WITHOUT_CONTROL = Action(RETRY_LOCALLY.kind, RETRY_LOCALLY.text, ("local", "no_control"))
"""The same, where a single sample can be ended instead unless its Inspect is too old for that."""
REST_LOCALLY = Action(
    "restart",
    "Run the rest anew; finished samples are kept, those that ran begin anew: "
    "`inspect eval-retry <log>`",
    ("local",),
)
"""The same for a log whose process is gone already."""
LEFT_LOCALLY = Action(REST_LOCALLY.kind, REST_LOCALLY.text, ("local", "process_gone"))
ANEW_LOCALLY = (RETRY_LOCALLY, LEFT_LOCALLY)
"""What brings back an evaluation on this machine, whether its process is still there or not."""
END_SAMPLE_LOCALLY = Action(
    "restart",
    "End only this sample and score what it has; the others go on: "
    "`<in-runner>inspect ctl sample cancel <task-id> <sample-id> <epoch> --action score`",
    ("local",),
)
ENDED_LOCALLY = (END_SAMPLE_LOCALLY, RETRY_WITHOUT_CONTROL, LEFT_LOCALLY)
"""What `hawk stop --sample` does, on the machine itself."""
PROCESS_STACK = Action(
    "look",
    "See where the process stands; it goes on meanwhile: `py-spy dump --pid <process-id>`",
    ("local",),
)
PROBE_LOCALLY = Action(
    "test",
    "Send a request as large to the provider, to see whether it answers: "
    "`watchdog probe --model <model> --size large`",
    ("local",),
)

KEEP_RUNNER = Action(
    "wait",
    "Keep the runner alive: what it could not write is only on its disk and in its memory, and is "
    "lost with it. Once it can write again, it writes all of that by itself: of what runs at the "
    "next step, of samples that have ended when the next one ends",
    ("runner_alive",),
)
FIND_BUFFER = Action(
    "look",
    "Before anything that ends the runner, find the samples on its disk: "
    "`<in-runner>find / -type d -name samplebuffer`",
    ("runner_alive",),
)
COPY_BUFFER = Action(
    "mend",
    "And copy them: `kubectl cp -n <runner-namespace> -c <runner-container> "
    "<runner-pod>:<samplebuffer> samplebuffer`",
    ("runner_alive",),
)
COPY_BUFFER_LOCALLY = Action(
    "mend",
    "Before the process is ended, copy its samples: "
    "`cp -r ~/.local/share/inspect_ai/samplebuffer samplebuffer`",
    ("local",),
)

DESCRIBE_POD = Action("look", "See the pod's state: `kubectl describe pod -n <namespace> <pod>`")
EVENTS = Action(
    "look", "See the events: `kubectl get events -n <namespace> --sort-by=.lastTimestamp`"
)
NODE = Action("look", "Look at the node: `kubectl describe node <node>`")
PREVIOUS_LOG = Action(
    "look",
    "Read what it said before it ended: "
    "`kubectl logs -n <namespace> <pod> -c <container> --previous`",
)
REACH_API = Action(
    "look",
    "Try the way from the runner: `<in-runner>curl -sv --max-time 20 <base-url>`",
)
