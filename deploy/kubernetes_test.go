package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// overlays are what is applied to a cluster.
var overlays = []string{"overlays/single", "overlays/cluster"}

// podSpec is the specification of a pod in an object of Kubernetes.
type podSpec struct {
	name string
	meta metav1.ObjectMeta
	spec corev1.PodSpec
}

// manifests are the objects of an overlay.
type manifests struct {
	objects []runtime.Object
}

// decoder decodes the kinds that are used here. A field that the kind does not have is an error, and so is any other
// kind.
func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme,
		networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme,
		json.SerializerOptions{Yaml: true, Strict: true})
}

// buildKustomization builds a folder as `kubectl kustomize` does, and decodes what comes.
func buildKustomization(t *testing.T, dir string) (*manifests, error) {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, err
	}
	m, decoder := &manifests{}, decoder(t)
	for _, resource := range built.Resources() {
		content, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		object, _, err := decoder.Decode(content, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		if namespace := resource.GetNamespace(); namespace != "taizhang" && resource.GetKind() != "Namespace" {
			return nil, fmt.Errorf("%s %s is in the namespace %q", resource.GetKind(), resource.GetName(), namespace)
		}
		m.objects = append(m.objects, object)
	}
	return m, nil
}

func kustomized(t *testing.T, dir string) *manifests {
	t.Helper()
	m, err := buildKustomization(t, filepath.Join("kubernetes", dir))
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return m
}

// of returns the objects of one type.
func of[T runtime.Object](m *manifests) (all []T) {
	for _, o := range m.objects {
		if x, ok := o.(T); ok {
			all = append(all, x)
		}
	}
	return all
}

// one returns the only object of a type.
func one[T runtime.Object](t *testing.T, m *manifests) T {
	t.Helper()
	all := of[T](m)
	if len(all) != 1 {
		t.Fatalf("there are %d objects of the type %T", len(all), *new(T))
	}
	return all[0]
}

// pods returns the specifications of all pods.
func (m *manifests) pods() (all []podSpec) {
	for _, s := range of[*appsv1.StatefulSet](m) {
		all = append(all, podSpec{s.Name, s.Spec.Template.ObjectMeta, s.Spec.Template.Spec})
	}
	for _, c := range of[*batchv1.CronJob](m) {
		template := c.Spec.JobTemplate.Spec.Template
		all = append(all, podSpec{c.Name, template.ObjectMeta, template.Spec})
	}
	for _, p := range of[*corev1.Pod](m) {
		all = append(all, podSpec{p.Name, p.ObjectMeta, p.Spec})
	}
	return all
}

// environment returns the variables of a container as Kubernetes sets them, but for those of secrets.
func (m *manifests) environment(c corev1.Container) (pairs []string) {
	for _, from := range c.EnvFrom {
		for _, settings := range of[*corev1.ConfigMap](m) {
			if from.ConfigMapRef != nil && from.ConfigMapRef.Name == settings.Name {
				for name, value := range settings.Data {
					pairs = append(pairs, name+"="+value)
				}
			}
		}
	}
	for _, variable := range c.Env {
		if variable.ValueFrom == nil {
			pairs = append(pairs, variable.Name+"="+variable.Value)
		}
	}
	return pairs
}

// expanded returns the arguments of a container with the values of its variables, as Kubernetes expands them.
func expanded(args, environment []string) (all []string) {
	var values []string
	for _, pair := range environment {
		name, value, _ := strings.Cut(pair, "=")
		values = append(values, "$("+name+")", value)
	}
	for _, arg := range args {
		all = append(all, strings.NewReplacer(values...).Replace(arg))
	}
	return all
}

// settings returns the file of settings of an overlay, and the name of its ConfigMap.
func (m *manifests) settings(t *testing.T) (content, name string) {
	t.Helper()
	for _, c := range of[*corev1.ConfigMap](m) {
		if content, ok := c.Data["taizhang.conf"]; ok {
			return content, c.Name
		}
	}
	t.Fatal("there are no settings")
	return "", ""
}

func (p *podSpec) containers() []corev1.Container {
	return append(slices.Clone(p.spec.InitContainers), p.spec.Containers...)
}

// forbidden returns why a cluster whose namespace enforces the level restricted would not run a pod. It is the code of
// Kubernetes that decides.
func forbidden(t *testing.T, p podSpec) (reasons []string) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range evaluator.EvaluatePod(
		api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &p.meta, &p.spec) {
		if !result.Allowed {
			reasons = append(reasons, result.ForbiddenReason+" ("+result.ForbiddenDetail+")")
		}
	}
	return reasons
}

// podFaults returns what is wrong with a pod that Kubernetes would run.
func podFaults(p podSpec) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, p.name+": "+fmt.Sprintf(format, args...)) }
	if p.spec.AutomountServiceAccountToken == nil || *p.spec.AutomountServiceAccountToken {
		say("it has a token of Kubernetes")
	}
	volumes := map[string]corev1.Volume{}
	for _, v := range p.spec.Volumes {
		volumes[v.Name] = v
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil {
			say("the volume %s has no limit", v.Name)
		}
		if s := v.Secret; s != nil && (s.DefaultMode == nil || *s.DefaultMode != 0o440) {
			say("the secret %s is not of the mode that the program accepts", s.SecretName)
		}
	}
	for _, c := range p.containers() {
		security := c.SecurityContext
		if security == nil || security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
			say("%s may write beside its volumes", c.Name)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() ||
			c.Resources.Requests.Cpu().IsZero() {
			say("%s has no limit on memory, or asks for nothing", c.Name)
		}
		if !pinned.MatchString(c.Image) {
			say("the image %s is not pinned to a version", c.Image)
		}
		hasTmp := false
		for _, mount := range c.VolumeMounts {
			hasTmp = hasTmp || mount.MountPath == "/tmp"
			if _, ok := volumes[mount.Name]; !ok && mount.Name != "data" {
				say("%s mounts %s, which is not there", c.Name, mount.Name)
			}
		}
		if !hasTmp {
			say("%s has no /tmp", c.Name)
		}
	}
	s := p.spec.SecurityContext
	if s == nil || s.RunAsUser == nil || *s.RunAsUser != 10001 || s.FSGroup == nil || *s.FSGroup != 10001 ||
		s.FSGroupChangePolicy == nil || *s.FSGroupChangePolicy != corev1.FSGroupChangeOnRootMismatch {
		say("it does not run as the user of the image, or changes the modes of the ledger")
	}
	return faults
}

// ledgerFaults returns what is wrong in an overlay beyond single pods.
func ledgerFaults(m *manifests) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	sets := of[*appsv1.StatefulSet](m)
	if len(sets) != 1 {
		return []string{"there is not one ledger"}
	}
	set := sets[0]
	pod := labels.Set(set.Spec.Template.Labels)
	container := set.Spec.Template.Spec.Containers[0]
	hasPort := func(port intstr.IntOrString) bool {
		return slices.ContainsFunc(container.Ports, func(p corev1.ContainerPort) bool {
			return port.StrVal == p.Name && p.Name != "" || port.IntVal == p.ContainerPort
		})
	}
	selects := func(what string, s *metav1.LabelSelector) bool {
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil {
			say("%s: %v", what, err)
			return false
		}
		return selector.Matches(pod)
	}
	if set.Spec.Replicas == nil || *set.Spec.Replicas != 1 {
		say("the ledger has not one replica")
	}
	if !selects("the set", set.Spec.Selector) {
		say("the set does not select its pod")
	}
	if grace := set.Spec.Template.Spec.TerminationGracePeriodSeconds; grace == nil || *grace < 25 {
		say("the ledger is killed before it has stopped")
	}
	if r := set.Spec.PersistentVolumeClaimRetentionPolicy; r == nil ||
		r.WhenDeleted != appsv1.RetainPersistentVolumeClaimRetentionPolicyType ||
		r.WhenScaled != appsv1.RetainPersistentVolumeClaimRetentionPolicyType {
		say("the ledger goes with the set")
	}
	// No probe asks /readyz, which fails with NATS: the only pod would get no connections while it can answer.
	for name, probe := range map[string]*corev1.Probe{"startup": container.StartupProbe,
		"liveness": container.LivenessProbe, "readiness": container.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Port.StrVal != "admin" ||
			!hasPort(probe.HTTPGet.Port) {
			say("the probe of %s does not ask the address for administrators", name)
		} else if probe.HTTPGet.Path != "/livez" {
			say("the probe of %s asks %s", name, probe.HTTPGet.Path)
		}
	}
	if !slices.Contains(m.environment(container), "TAIZHANG_DATA=/data/ledger") {
		say("the directory of the ledger is not that of ledger.yaml")
	}
	headless := false
	for _, s := range of[*corev1.Service](m) {
		if !labels.SelectorFromSet(s.Spec.Selector).Matches(pod) {
			say("the service %s does not select the ledger", s.Name)
		}
		for _, port := range s.Spec.Ports {
			if !hasPort(port.TargetPort) {
				say("the service %s leads to port %s, which the ledger does not have", s.Name, port.TargetPort.String())
			}
		}
		headless = headless || s.Name == set.Spec.ServiceName && s.Spec.ClusterIP == corev1.ClusterIPNone
	}
	if !headless {
		say("the set has no headless service")
	}
	for _, p := range of[*policyv1.PodDisruptionBudget](m) {
		if !selects("the budget", p.Spec.Selector) || p.Spec.MinAvailable == nil || p.Spec.MinAvailable.IntVal != 1 {
			say("the budget %s does not keep the ledger", p.Name)
		}
	}
	denied, reached := false, map[string]bool{}
	for _, p := range of[*networkingv1.NetworkPolicy](m) {
		if !selects("the policy "+p.Name, &p.Spec.PodSelector) {
			say("the policy %s does not select the ledger", p.Name)
		}
		denied = denied || len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.PodSelector.MatchExpressions)+
			len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 && len(p.Spec.PolicyTypes) == 2
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				if !hasPort(*port.Port) {
					say("the policy %s lets others reach port %s, which the ledger does not have", p.Name,
						port.Port.String())
				}
				if port.Port.StrVal == "admin" && len(rule.From) == 0 {
					say("everybody reaches the metrics")
				}
				reached[port.Port.StrVal] = true
			}
			if len(rule.Ports) == 0 {
				say("the policy %s opens every port", p.Name)
			}
		}
		for _, rule := range p.Spec.Egress {
			if len(rule.To) == 0 || len(rule.Ports) == 0 {
				say("by the policy %s the ledger reaches everybody", p.Name)
			}
		}
	}
	if !denied {
		say("what no policy names is allowed")
	}
	for _, port := range container.Ports {
		if !reached[port.Name] {
			say("nobody reaches port %s", port.Name)
		}
	}
	return append(faults, backupFaults(m, set)...)
}

// backupFaults returns what is wrong with the backup of a ledger.
func backupFaults(m *manifests, set *appsv1.StatefulSet) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	jobs := of[*batchv1.CronJob](m)
	if len(jobs) != 1 {
		return []string{"there is not one backup"}
	}
	job := jobs[0]
	spec := job.Spec.JobTemplate.Spec.Template.Spec
	if job.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent || job.Spec.TimeZone == nil ||
		*job.Spec.TimeZone != "Asia/Shanghai" || job.Spec.Suspend != nil && *job.Spec.Suspend {
		say("the backup runs beside itself, or not in the night")
	}
	var claims []string
	for _, v := range spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			claims = append(claims, v.PersistentVolumeClaim.ClaimName)
		}
	}
	// The backup before, the new one or its rehearsal, and perhaps that of an earlier ledger.
	var made []string
	var need, room int64 // bytes
	for _, c := range of[*corev1.PersistentVolumeClaim](m) {
		made = append(made, c.Name)
		room += c.Spec.Resources.Requests.Storage().Value()
	}
	for _, c := range set.Spec.VolumeClaimTemplates {
		made = append(made, c.Name+"-"+set.Name+"-0")
		need += 3 * c.Spec.Resources.Requests.Storage().Value()
	}
	if room < need {
		say("the volume of the backups has no room for %d bytes", need)
	}
	var commands []string
	for _, c := range append(slices.Clone(spec.InitContainers), spec.Containers...) {
		environment := m.environment(c)
		commands = append(commands, strings.Join(expanded(c.Args, environment), " "))
		if c.Name == "verify" && !slices.Contains(environment, "TMPDIR=/backups") {
			say("the restore is rehearsed where there is no room")
		}
		for _, arg := range c.Args {
			if strings.HasPrefix(arg, "/") {
				say("the backup names %s, which is not of ledger.yaml", arg)
			}
		}
	}
	if want := []string{"backup /backups/ledger.tar",
		"backup verify /backups/ledger.tar --against /data/ledger"}; !slices.Equal(commands, want) {
		say("the backup runs %q", commands)
	}
	slices.Sort(made)
	slices.Sort(claims)
	if !slices.Equal(claims, made) || len(claims) != 2 {
		say("the backup mounts %v of the claims %v", claims, made)
	}
	near := false
	if spec.Affinity != nil && spec.Affinity.PodAffinity != nil {
		for _, term := range spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
			near = near || err == nil && term.TopologyKey == corev1.LabelHostname &&
				selector.Matches(labels.Set(set.Spec.Template.Labels))
		}
	}
	if !near {
		say("the backup may run on another node than the ledger, where its volume is not")
	}
	// The pod of the backup must not be taken for the ledger, by the service above all.
	if selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector); err != nil ||
		selector.Matches(labels.Set(job.Spec.JobTemplate.Spec.Template.Labels)) {
		say("the backup is taken for the ledger: %v", err)
	}
	return faults
}

func TestEveryOverlayIsWhatKubernetesKnowsAndConfined(t *testing.T) {
	for _, dir := range append(slices.Clone(overlays), "maintenance") {
		m := kustomized(t, dir)
		for _, p := range m.pods() {
			for _, fault := range append(forbidden(t, p), podFaults(p)...) {
				t.Errorf("%s: %s: %s", dir, p.name, fault)
			}
		}
		if dir == "maintenance" {
			continue
		}
		for _, fault := range ledgerFaults(m) {
			t.Errorf("%s: %s", dir, fault)
		}
		namespace := one[*corev1.Namespace](t, m)
		if namespace.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
			t.Errorf("%s: the namespace runs any pod", dir)
		}
		if account := one[*corev1.ServiceAccount](t, m); *account.AutomountServiceAccountToken {
			t.Errorf("%s: the account has a token", dir)
		}
	}
}

// TestTheMaintenancePodHasTheVolumesOfTheLedger compares the claims and the directory of the ledger, for nothing else
// ties the pod to the overlays.
func TestTheMaintenancePodHasTheVolumesOfTheLedger(t *testing.T) {
	pod := one[*corev1.Pod](t, kustomized(t, "maintenance"))
	var claims []string
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			claims = append(claims, v.PersistentVolumeClaim.ClaimName)
		}
	}
	m := kustomized(t, "overlays/single")
	if environment := m.environment(pod.Spec.Containers[0]); !slices.Contains(environment,
		"TAIZHANG_DATA=/data/ledger") {
		t.Errorf("maintenance has %v", environment)
	}
	job := one[*batchv1.CronJob](t, m)
	for i, v := range job.Spec.JobTemplate.Spec.Template.Spec.Volumes[:2] {
		if i >= len(claims) || v.PersistentVolumeClaim.ClaimName != claims[i] {
			t.Errorf("maintenance mounts %v", claims)
		}
	}
}

// edited returns a copy of the folder kubernetes in which the first of a text in a file is another.
func edited(t *testing.T, file, old, replacement string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("kubernetes")); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(whole), old, replacement, 1)
	if changed == string(whole) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAnEditedManifestIsCaught changes one thing at a time in a copy: every point of the standard for pods of the
// level restricted, and what else is asked of a ledger.
func TestAnEditedManifestIsCaught(t *testing.T) {
	security, confined := "      securityContext:\n", "          securityContext: &confined\n"
	for _, c := range []struct{ file, old, new, want string }{
		// pod security: baseline
		{"statefulset.yaml", security, "      hostNetwork: true\n" + security, "host namespaces"},
		{"statefulset.yaml", security, "      hostPID: true\n" + security, "host namespaces"},
		{"statefulset.yaml", security, "      hostIPC: true\n" + security, "host namespaces"},
		{"statefulset.yaml", confined, confined + "            privileged: true\n", "privileged"},
		{"statefulset.yaml", "drop: [ALL]", "drop: [ALL]\n              add: [SYS_ADMIN]", "capabilities"},
		{"statefulset.yaml", "emptyDir: {sizeLimit: 1Gi}", "hostPath: {path: /tmp}", "restricted volume types"},
		{"statefulset.yaml", "containerPort: 8443}", "containerPort: 8443, hostPort: 8443}", "hostPort"},
		{"statefulset.yaml", "{path: /livez, port: admin}", "{path: /livez, port: admin, host: 192.0.2.7}", "host"},
		{"statefulset.yaml", confined, confined + "            appArmorProfile: {type: Unconfined}\n", "AppArmor"},
		{"statefulset.yaml", confined, confined + "            seLinuxOptions: {type: spc_t}\n", "seLinuxOptions"},
		{"statefulset.yaml", confined, confined + "            procMount: Unmasked\n", "procMount"},
		{"statefulset.yaml", security, security + "        sysctls: [{name: kernel.msgmax, value: \"1\"}]\n",
			"sysctls"},
		{"statefulset.yaml", confined, confined + "            windowsOptions: {hostProcess: true}\n", "hostProcess"},
		{"statefulset.yaml", "type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		// pod security: restricted
		{"statefulset.yaml", "emptyDir: {sizeLimit: 1Gi}", "nfs: {server: nas, path: /}", "restricted volume types"},
		{"statefulset.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true",
			"allowPrivilegeEscalation"},
		{"statefulset.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"},
		{"statefulset.yaml", "runAsUser: 10001", "runAsUser: 0", "runAsUser"},
		{"statefulset.yaml", "seccompProfile:\n          type: RuntimeDefault", "supplementalGroups: []",
			"seccompProfile"},
		{"statefulset.yaml", "drop: [ALL]", "drop: [NET_RAW]", "unrestricted capabilities"},
		{"backup.yaml", "drop: [ALL]", "drop: []", "unrestricted capabilities"},
		{"backup.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"},
		// what Kubernetes does not know
		{"statefulset.yaml", "terminationGracePeriodSeconds", "terminationGracePeriod", "unknown field"},
		{"statefulset.yaml", "readOnlyRootFilesystem", "readOnlyRootFileSystem", "unknown field"},
		{"backup.yaml", "timeZone:", "timezone:", "unknown field"},
		{"poddisruptionbudget.yaml", "policy/v1", "policy/v1beta1", "no kind"},
		// what else is asked of a ledger
		{"statefulset.yaml", "replicas: 1", "replicas: 2", "not one replica"},
		{"statefulset.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write beside"},
		{"statefulset.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true", "token"},
		{"statefulset.yaml", "limits: {memory: 2Gi}", "limits: {cpu: \"2\"}", "no limit on memory"},
		{"statefulset.yaml", "fsGroupChangePolicy: OnRootMismatch", "fsGroupChangePolicy: Always",
			"changes the modes"},
		{"statefulset.yaml", "defaultMode: 0440", "defaultMode: 0444", "mode that the program accepts"},
		{"statefulset.yaml", "terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 10", "is killed"},
		{"statefulset.yaml", "whenDeleted: Retain", "whenDeleted: Delete", "goes with the set"},
		{"statefulset.yaml", "{name: admin, containerPort: 9464}", "{name: metrics, containerPort: 9464}",
			"does not ask the address"},
		{"statefulset.yaml", "readinessProbe:\n            httpGet: {path: /livez",
			"readinessProbe:\n            httpGet: {path: /readyz", "readiness asks /readyz"},
		{"statefulset.yaml", "          envFrom:\n            - configMapRef: {name: taizhang-ledger}\n", "",
			"not that of ledger.yaml"},
		{"statefulset.yaml", "serviceName: taizhang-pod", "serviceName: taizhang", "no headless service"},
		{"service.yaml", "component: ledger", "component: leger", "does not select the ledger"},
		{"service.yaml", "targetPort: https", "targetPort: http", "which the ledger does not have"},
		{"poddisruptionbudget.yaml", "component: ledger", "component: backup", "does not keep the ledger"},
		{"poddisruptionbudget.yaml", "minAvailable: 1", "maxUnavailable: 1", "does not keep the ledger"},
		{"networkpolicy.yaml", "podSelector: {}", "podSelector: {matchLabels: {a: b}}", "what no policy names"},
		{"networkpolicy.yaml", "component: ledger", "component: leger", "does not select the ledger"},
		{"networkpolicy.yaml", "{port: https, protocol: TCP}", "{port: admin, protocol: TCP}",
			"everybody reaches the metrics"},
		{"networkpolicy.yaml", "        - {port: nats, protocol: TCP}\n", "", "nobody reaches port nats"},
		{"backup.yaml", "Forbid", "Allow", "beside itself"},
		{"backup.yaml", "timeZone: Asia/Shanghai", "timeZone: Etc/UTC", "not in the night"},
		{"backup.yaml", "claimName: data-taizhang-0", "claimName: data-ledger-0", "of the claims"},
		{"backup.yaml", "[backup, $(BACKUP)]", "[backup, /backups/ledger.tar]", "which is not of ledger.yaml"},
		{"backup.yaml", "--against, $(TAIZHANG_DATA)", "--against, /data/ledger", "which is not of ledger.yaml"},
		{"backup.yaml", "              envFrom: *ledger\n", "", "the backup runs"},
		{"backup.yaml", "name: TMPDIR", "name: TMPDRI", "where there is no room"},
		{"backup.yaml", "storage: 60Gi", "storage: 40Gi", "has no room"},
		{"backup.yaml", "kubernetes.io/hostname", "topology.kubernetes.io/zone", "another node"},
		{"backup.yaml", "component: backup", "component: ledger", "taken for the ledger"},
		{"backup.yaml", "{name: tmp, mountPath: /tmp}", "{name: tpm, mountPath: /tmp}", "which is not there"},
	} {
		dir := edited(t, filepath.Join("base", c.file), c.old, c.new)
		var faults []string
		m, err := buildKustomization(t, filepath.Join(dir, "overlays/single"))
		if err != nil {
			faults = []string{err.Error()}
		} else {
			faults = ledgerFaults(m)
			for _, p := range m.pods() {
				faults = append(append(faults, forbidden(t, p)...), podFaults(p)...)
			}
		}
		if !strings.Contains(strings.Join(faults, "\n"), c.want) {
			t.Errorf("%s: %q → %q: expected %q, got %q", c.file, c.old, c.new, c.want, faults)
		}
	}
}

// TestTheLedgersSettingsInKubernetesAreRight has the program read the settings of each overlay, with the files of its
// volumes where they are mounted.
func TestTheLedgersSettingsInKubernetesAreRight(t *testing.T) {
	made := secrets(t)
	taizhangNATSConfig(t, made)
	for dir, want := range map[string][]string{
		"overlays/single": {"nats-listen = 0.0.0.0:4222 ", "store =  "},
		"overlays/cluster": {"nats-listen = off ", "store = esdb://…@kurrentdb:2113?tlsCAFile=/etc/ca/ca.crt ",
			"nats = tls://nats-0.nats.nats.svc:4222,tls://nats-1.nats.nats.svc:4222,tls://nats-2.nats.nats.svc:4222 "},
	} {
		m := kustomized(t, dir)
		pod := m.pods()[0]
		container := pod.spec.Containers[0]
		config := filepath.Join(t.TempDir(), "taizhang.conf")
		content, settings := m.settings(t)
		if err := os.WriteFile(config, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		mounted := map[string]string{}
		for _, mount := range container.VolumeMounts {
			mounted[mount.Name] = mount.MountPath
		}
		for _, v := range pod.spec.Volumes {
			if v.ConfigMap != nil && v.Name == "settings" && v.ConfigMap.Name != settings {
				t.Errorf("%s: the pod mounts %s, not %s", dir, v.ConfigMap.Name, settings)
			}
		}
		if mounted["settings"] != "/etc/taizhang" || container.Args[2] != "/etc/taizhang/taizhang.conf" {
			t.Errorf("%s: the settings are at %s", dir, mounted["settings"])
		}
		environment := m.environment(container)
		for _, variable := range container.Env {
			if variable.Name == "TAIZHANG_STORE" { // of a secret
				environment = append(environment,
					"TAIZHANG_STORE=esdb://taizhang:word@kurrentdb:2113?tlsCAFile=/etc/ca/ca.crt")
			}
		}
		own := ownKeys(t, made)
		out := checkContainerConfig(t, container.Args, environment, config, strings.NewReplacer(
			mounted["tls"]+"/tls.crt", filepath.Join(made, "tls/tls.crt"), mounted["tls"]+"/tls.key",
			filepath.Join(own, "tls.key"), "/etc/nats/publisher.nk", filepath.Join(own, "publisher.nk")))
		for _, line := range append(want, "data = /data/ledger ") {
			if !strings.Contains("\n"+out, "\n"+line) {
				t.Errorf("%s: expected %q in\n%s", dir, line, out)
			}
		}
		for _, port := range container.Ports {
			if !strings.Contains(out, fmt.Sprintf("listen = 0.0.0.0:%d ", port.ContainerPort)) {
				t.Errorf("%s: nobody listens on port %d", dir, port.ContainerPort)
			}
		}
	}
}
