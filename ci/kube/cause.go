package kube

import "regexp"

// cause is a reason for a failure that only a message tells. Its words are those of the versions and runtimes in
// testdata/wordings.yaml.
type cause struct {
	words *regexp.Regexp
	// code replaces that of the place where the message stands, "" keeps it.
	code   Code
	course course
	hint   string
}

// course is what becomes of a failure when nothing is done.
type course int

const (
	// uncertain may pass or not: it has the patience of its place.
	uncertain course = iota
	// final does not pass.
	final
	// passing passes by itself as a rule: it has more patience.
	passing
)

// causeOf gives the first cause whose words a message has. One that is not known has no hint: the message is told as it is.
func causeOf(causes []cause, message string) cause {
	for _, c := range causes {
		if c.words.MatchString(message) {
			return c
		}
	}
	return cause{}
}

// sameCause is true for two messages of one cause, or of none that is known.
func sameCause(causes []cause, a, b string) bool {
	return causeOf(causes, a).words == causeOf(causes, b).words
}

// named fills a diagnosis with a cause's code and hint.
func (d *Diagnosis) named(c cause) {
	if c.code != "" {
		d.Code = c.code
	}
	d.Hint = c.hint
}

func words(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + pattern) }

const (
	mayNotRead  = "the registry does not let the node read the image, or has none of that name: check the name, make the repository public, or set imagePullSecrets"
	diskFull    = "the node's disk is full; free it (docker system prune, minikube ssh -- docker system prune), or give the node more"
	ownPostgres = "; for the chart's Postgres that is postgres.persistence.storageClassName, or give DATABASE_URL in its place"
	raiseMemory = "the container needs more memory than its limit; raise resources.limits.memory, and requests with it"
)

// memoryTooLow is how runtimes say that a limit is too low for the container to be started at all.
var memoryTooLow = cause{words(`init was OOM-killed|OOM-killed \(memory limit too low|memory limit \S+ too low|unable to set memory limit to \d+ \(current usage|minimum memory limit allowed|signal: OOM|oom[ -]?kill`),
	OOMKilled, uncertain, raiseMemory}

// runtimeBusy is how runtimes say that an earlier request of the same kind is still being worked on.
var runtimeBusy = words(`failed to reserve (?:container|sandbox|pod) name|error reserving (?:ctr|pod|container) name|is reserved for|` +
	`will be provided to the kubelet on next retry|requests that are timing out|container name .* is already in use|` +
	`deadline ?exceeded|connection refused|connection error|transport is closing|RuntimeNotReady|runtime is not ready`)

// pullCauses are a registry's answers, as containerd, CRI-O and Docker hand them on.
var pullCauses = []cause{
	{words(`pull QPS exceeded`), "", passing, "the node pulls no more images at a time than its kubelet allows (registryPullQPS); it goes on by itself: " +
		"deploy again when fewer pods start"},
	{words(`\b429\b|too ?many ?requests|rate ?limit|rate exceeded|throttling|quota exceeded for .*(?:pull|requests)`), "", uncertain,
		"the registry's limit of pulls is reached: wait until it is over, or sign in for a higher one: set imagePullSecrets, or take the image from a mirror"},
	{words(`no space left on device|disk quota exceeded`), "", uncertain, diskFull},
	{words(`HTTP response to HTTPS client|first record does not look like a TLS handshake`), "", final,
		"the registry speaks plain HTTP and the node expects TLS: tell the node's runtime so (containerd: hosts.toml, CRI-O and Podman: insecure in registries.conf)"},
	{words(`x509: certificate (?:has expired|.*not yet valid)`), "", uncertain,
		"the registry's certificate has expired, or the node's clock is wrong: renew the one, or set the other"},
	{words(`x509:|certificate signed by unknown authority|certificate is valid for|tls: failed to verify`), "", final,
		"the node does not trust the registry's certificate: give its authority to the node's runtime, or use the name that the certificate has"},
	{words(`couldn't parse image|invalid reference format|invalid image name|short-name .* (?:did not resolve|enforced)|short name`), ImageName, final,
		"the image's reference is malformed or has no registry; check repository, tag and digest in the values"},
	{words(`no match(?:ing manifest)? for (?:platform|\w+/\w+)|no image found in (?:manifest|image) (?:list|index) for|does not match the specified platform|no child with platform|cannot be used on this platform`), "", final,
		"the image is not built for the node's processor: build it for that platform, or use a node of the image's"},
	{words(`signature (?:was required|verification failed|validation failed)|source image rejected|running image .* rejected by policy|no signatures found`), "", final,
		"the node's policy accepts only images that are signed: sign this one, or change the policy"},
	{words(`no such host|server misbehaving|temporary failure in name resolution|name or service not known`), "", uncertain,
		"the node does not find the registry by its name: check the name in the values, and the node's DNS"},
	{words(`unsupported (?:manifest )?media ?type|schema ?(?:version )?1 .*(?:deprecated|no longer|unsupported|not supported|removed)|media ?type .* (?:no longer|not) supported|encountered unknown type|unsupported schema version`), "", final,
		"the node's runtime does not read an image of this format: push it again with a present tool"},
	{words(`\b5\d\d (?:internal server error|bad gateway|service unavailable|gateway time-?out)|unexpected (?:HTTP )?status(?: code)?:? .*\b5\d\d\b|received unexpected HTTP status: 5`), "", uncertain,
		"the registry fails by itself; see its status page, wait, and deploy again"},
	{words(`i/o timeout|connection refused|no route to host|network is unreachable|TLS handshake timeout|deadline ?exceeded|client\.timeout|connection reset|broken pipe|proxyconnect|request canceled|\bEOF\b`), "", uncertain,
		"the node does not reach the registry: check its network, proxy and firewall, and that the registry runs"},
	{words(`failed size validation|digest (?:mismatch|did not match)|unexpected commit digest|invalid checksum|unexpected size|filesystem layer verification failed`), "", uncertain,
		"what came is not what was asked for; deploy again, and if it stays so push the image again"},
	{words(`pull access denied|unauthorized|authorization (?:failed|required)|authentication (?:is )?required|40[13] (?:Forbidden|Unauthorized)|\b40[13]\b.*(?:forbidden|unauthorized)|insufficient[_ ]scope|no basic auth credentials|access to the resource is denied|\bdenied\b|failed to (?:fetch|authorize).*token|invalid username/password|forbidden`), "", final,
		mayNotRead},
	{words(`manifest[ _]unknown|name[ _]unknown|not ?found|\b404\b|does not exist|no such image|no such manifest|image not known`), "", final,
		"the registry has no such image: check repository, tag and digest in the values, and push it again"},
}

// configCauses are the kubelet's, of a container that it cannot put together.
var configCauses = []cause{
	{words(`failed to sync (?:secret|configmap) cache|not registered|services have not yet been read|timed out waiting for the condition|cannot find volume`), "", passing,
		"the node does not get what it asks of the API server; see its conditions: kubectl describe node"},
	{words(`(?:secret|configmap)s? "[^"]*" not found|couldn't find key|references non-existent|no such key`), "", uncertain,
		"the Secret or ConfigMap that the message names is missing or lacks a key; deploy again, or make what existingSecret names"},
	{words(`is forbidden`), "", uncertain,
		"the node may not read what the message names; see who removed its rights, or the object"},
	{words(`runAsNonRoot|image will run as root|non-numeric user`), "", final,
		"the image's user is root or a name, and the pod must not run as root: build it with USER and a number, or set runAsUser"},
	{words(`failed to (?:prepare|create) subPath|subpath`), "", uncertain, "the subPath that the message names does not fit its volume; mend volumeMounts"},
	{words(`no space left on device`), "", uncertain, diskFull},
}

// startCauses are a runtime's, of a container that it cannot make or start.
var startCauses = []cause{
	memoryTooLow,
	{words(`no command specified|no command or entrypoint|no entrypoint|must specify a command|process args|args must not be empty`), "", final,
		"neither the image nor the values say what to run: build the image with ENTRYPOINT or CMD, or set command"},
	{words(`exec format error|wrong ELF|not a valid (?:win32|executable)`), "", final,
		"the image is built for another processor than the node's, or its script has no #! line: build it for the node's platform"},
	{runtimeBusy, "", passing, "the node's runtime is slow or stands still; see its disk and CPU, and: kubectl describe node"},
	{words(`no space left on device`), "", uncertain, diskFull},
	{words(`chdir|set in config\.json|working directory`), "", final, "the working directory is not in the image, or its user may not enter it; check workingDir and WORKDIR"},
	{words(`error mounting|failed to mount|mount(?:ing)? .* to rootfs|mountpoint|trying to mount a directory onto a file|bind source path does not exist|read-only file ?system`), "", final,
		"a volume cannot be laid over the image's files; check mountPath and subPath against what the image has"},
	{words(`unable to find (?:user|group)|no matching entries in (?:passwd|group)|no users found|unable to (?:get|set) (?:user|uid|gid)|invalid user`), "", final,
		"the user that the container shall run as is not in the image; set runAsUser to a number"},
	{words(`apparmor|seccomp|selinux`), "", final, "the security profile that the message names is not on the node; load it, or choose RuntimeDefault"},
	{words(`executable file .*not found|no such file or directory|command not found|not a directory`), "", final,
		"the image has no such program; check command and args in the values, and ENTRYPOINT and CMD of the image"},
	{words(`permission denied|operation not permitted|eacces`), "", final, "the image's user may not run the program; make it executable in the image, or run it as another user"},
	{words(`post-?start ?hook`), "", uncertain, "the container's postStart hook fails; mend what it runs"},
}

// mountCauses are the kubelet's and the attach controller's, of a volume.
var mountCauses = []cause{
	{words(`failed to sync (?:secret|configmap) cache|object "[^"]*"/"[^"]*" not registered`), "", passing,
		"the node does not get what it asks of the API server; see its conditions: kubectl describe node"},
	{words(`(?:secret|configmap)s? "[^"]*" not found|references non-existent`), "", uncertain,
		"the Secret or ConfigMap that the message names is missing or lacks a key; deploy again, or make it"},
	{words(`Multi-Attach|already (?:exclusively )?(?:attached|used)|is (?:still )?(?:attached|in use)|already mounted`), "", passing,
		"another node still has the volume: end the pod there, or wait until it is let go (six minutes when that node is away)"},
	{words(`driver name .* not found in the list of registered|CSINode .* does not contain driver|no such driver|connect.*csi\.sock`), "", passing,
		"the node has no driver for this kind of volume; see that the storage provider's pods run there"},
	{words(`timed out waiting for the condition|unattached volumes|unmounted volumes`), "", uncertain,
		"the volume does not come; see `kubectl describe` of its claim and of the node, and the storage provider's pods"},
	{words(`no space left on device`), "", uncertain, diskFull},
}

// sandboxCauses are the runtime's, of a pod's own sandbox.
var sandboxCauses = []cause{
	memoryTooLow,
	{words(`sandbox image|pause(?::|@|")|pull(?:ing)? (?:the )?(?:sandbox|pause|infra)`), "", uncertain,
		"the node cannot get the image that every pod starts with (pause); see whether it reaches that registry"},
	{words(`no runtime for "|runtime handler|failed to find runtime`), "", final,
		"the node has no such container runtime; check runtimeClassName"},
	{words(`no (?:IP )?address(?:es)? (?:is |are )?available|no available IP|failed to (?:assign|allocate).* (?:IP|address)|range set|ip(?:am)? .*exhausted`), "", uncertain,
		"the node has no address left for a pod: end pods there, or give its network a larger range"},
	{words(`\bcni\b|network (?:plugin|for sandbox|for pod)|setup ?network|subnet\.env|plugin type=|networkPlugin`), "", uncertain,
		"the node cannot give a pod its network; see the cluster's own pods: kubectl --namespace kube-system get pods"},
	{runtimeBusy, "", passing, "the node's runtime is slow or stands still; see its disk and CPU, and: kubectl describe node"},
	{words(`no space left on device`), "", uncertain, diskFull},
	{words(`cgroup`), CannotStart, uncertain, "the node cannot make the pod's control group; see its kubelet and runtime: kubectl describe node"},
}

// creationCauses are the API server's, of a pod that it does not take.
var creationCauses = []cause{
	{words(`must specify`), QuotaExceeded, final, "the namespace's quota wants every container to say what it needs: set %s for the container that the message names (resources in the values)"},
	{words(`match scopes|insufficient quota`), QuotaExceeded, final, "the namespace's quota allows no pod of this priority class; name another, or ask for a quota that has it"},
	{words(`exceeded quota|failed quota|quota`), QuotaExceeded, uncertain, "ask for less (fewer replicas, smaller requests) or have the namespace's quota raised; a roll needs room " +
		"for one more pod than runs"},
	{words(`failed calling webhook|no endpoints available for service|failed to call webhook`), "", passing, "the webhook that the message names does not answer; see its pods, or who runs the cluster"},
	{words(`service ?account`), "", passing, "the service account that the message names is not there; deploy again, or make it"},
	{words(`timed out|timeout|etcdserver|deadline exceeded|internal error|too many requests|try again|connection refused`), "", passing, "the API server does not get its own work done; wait, and deploy again"},
	{words(`being terminated|being deleted`), "", final, "the namespace is being deleted; wait until it is gone, and deploy again"},
	{words(`violates PodSecurity|security context constraint`), "", final, "the namespace's Pod Security level refuses pods like this one; change what the message names in the values, or ask " +
		"who runs the cluster for a namespace that allows it"},
	{words(`(?:maximum|minimum) .*(?:usage|ratio|limit)|must be less than or equal to|limit to request ratio`), "", final, "what the container asks for is outside of the namespace's LimitRange or of its own limit; change resources in the values"},
	{words(`PriorityClass|RuntimeClass`), "", final, "the class that the message names is not in this cluster; name one that is, or none"},
	{words(`denied (?:the )?request|is forbidden|is invalid|invalid value`), "", final, "the cluster refuses pods like this one; change what the message names in the chart's values, or ask " +
		"who runs the cluster for a namespace that allows it"},
}

// claimCauses are the provisioner's and the scheduler's, of a claim that is not bound.
var claimCauses = []cause{
	{words(`storageclass\S* "[^"]*" not found`), "", final, "see `kubectl get storageclass`, and name one that exists for this claim in the values"},
	{words(`no storage class is set|no persistent volumes available`), "", final, "the cluster has no default storage class and no volume that fits; see `kubectl get storageclass`, and name one " +
		"for this claim in the values"},
	{words(`(?:didn't|did not) find available persistent volumes|enough free storage`), "", uncertain, "no PersistentVolume fits and none is made for the claim: make one, or name a storage class with a provisioner for it in the values"},
	{words(`waiting for a volume to be created`), "", uncertain, "the provisioner that the message names makes no volume; see that its pods run (kubectl --namespace kube-system get pods)"},
	{words(`persistentvolumeclaim "[^"]*" (?:not found|is being deleted)`), "", uncertain, "the claim that the pod names is not there or on its way out; deploy again, or make it"},
}

// placementCauses are the scheduler's, of a pod that fits no node. A message has one for each kind of node.
var placementCauses = []cause{
	{words(`Insufficient |Too many pods|free ports`), "", uncertain, "give the cluster more room (minikube delete && minikube start --cpus 4) or ask for less with a smaller values file"},
	{words(`untolerated taint|had taint`), "", uncertain, "the facts name each node's taints: remove one (kubectl taint node), or tolerate it in the values"},
	{words(`were unschedulable`), "", uncertain, "a node is cordoned: kubectl uncordon"},
	{words(`node affinity/selector|node\(s\) didn't match node selector|match Pod's node`), "", uncertain, "no node has the labels that the pod asks for; change nodeSelector or affinity in the values, or label a node"},
	{words(`volume node affinity conflict|PersistentVolume's node affinity|available volume zone`), "", uncertain, "the pod's volume is on a node or in a zone that takes no pods now; bring that node back, or make the volume anew"},
	{words(`max volume count`), "", uncertain, "no node takes one more volume; add a node"},
	{words(`anti-affinity|pod affinity|topology spread`), "", uncertain, "the pod's rules about other pods fit no node; loosen them in the values, or add a node"},
	{words(`ReadWriteOncePod|no available disk`), "", uncertain, "another pod has the volume; end it"},
	{words(`no nodes available`), "", uncertain, "the cluster has no node; add one"},
	{words(`VolumeBinding|binding volumes`), "", uncertain, "the pod's volume was not bound in time; see its claim: kubectl get persistentvolumeclaims"},
}

// failureCauses are those of pods that their node has ended or never taken, by the reason and message in their status.
var failureCauses = []cause{
	{words(`ephemeral local storage|emptyDir|local ephemeral storage|container .* exceeded its local`), "", uncertain, "the pod writes more to its own disk than its limit: write less, or raise limits.ephemeral-storage or the emptyDir's sizeLimit"},
	{words(`low on resource`), "", uncertain, "the node ran short of what the message names, and ended the pod first that used more than it asked for: raise its requests, or give the node more"},
	{words(`OutOf|enough resource`), "", uncertain, "the node takes no more pods though the scheduler thought so: see what else runs there, or add a node"},
	{words(`NodeAffinity|Predicate|admission|NodePorts|taint`), "", uncertain, "the node did not take the pod; see its labels, taints and devices: kubectl describe node"},
	{words(`preempt`), "", uncertain, "pods of a higher priority took the room; give the cluster more, or the pods a priority"},
	{words(`shutdown|terminated|node.*(?:lost|unreachable|deleted)`), "", uncertain, "the node went away; see: kubectl get nodes"},
	{words(`DeadlineExceeded`), "", uncertain, "the pod has activeDeadlineSeconds and they are over; remove them"},
}

// exitCauses are what exit codes say of a container that ends by itself (POSIX shells; 128 and a signal's number).
var exitCauses = map[int]string{
	126: "a program that the container runs is not executable; its last lines name it",
	127: "a program that the container runs is not in the image; its last lines name it",
	132: "the program uses instructions that the node's processor does not have; build it for an older one",
	134: "the program gave itself up; its last lines say why",
	137: "the container was killed and not for its own memory limit: by a probe, or because a child of it or the node had no memory left; see its events and raise resources.limits.memory",
	139: "the program touched memory that is not its own; most often a library that is built for another system",
}

// databaseCauses are those of a Postgres that the application does not get into, by the words of Postgres, asyncpg, node-postgres and their TLS
// in the application's log (https://www.postgresql.org/docs/17/errcodes-appendix.html).
var databaseCauses = []cause{
	{words(`password authentication failed|InvalidPasswordError`), "", uncertain, "the database refuses the password: the chart's Postgres keeps the one that it was made with, so give what the first deployment " +
		"was given (--better-auth-secret); for a database of yours, check DATABASE_URL"},
	{words(`no pg_hba\.conf entry`), "", uncertain, "the database does not let this user in from the pods' addresses, or not without TLS: see its pg_hba.conf, and ssl in DATABASE_URL"},
	{words(`too many clients already|remaining connection slots|TooManyConnectionsError|max clients? reached|too many connections for`), "", uncertain,
		"the database has no connection left: raise its max_connections, or run fewer pods"},
	{words(`database "[^"]*" does not exist|InvalidCatalogNameError`), "", uncertain, "the database that DATABASE_URL names does not exist: make it, or name one that does"},
	{words(`permission denied for (?:schema|database|table)|InsufficientPrivilegeError`), "", uncertain, "the database's user may not change the schema, as migrations do: grant it CREATE on the schema and its tables"},
	{words(`certificate verify failed|CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(?:VERIFY|GET)_\w+|SELF_SIGNED_CERT\w*|self-signed certificate|ERR_TLS_CERT_ALTNAME_INVALID|Hostname mismatch`), "", uncertain,
		"the database's certificate is not trusted, or is another host's: see docs/managed-postgres.md for sslrootcert"},
	{words(`\bgaierror\b|Name or service not known|Temporary failure in name resolution|\b(?:ENOTFOUND|EAI_AGAIN)\b`), "", uncertain,
		"the database's host is not found from the pods: check DATABASE_URL, and that the cluster's DNS runs"},
}
