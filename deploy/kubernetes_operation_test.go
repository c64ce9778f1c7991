package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// resolveFaults returns what is wrong with the policies of an overlay by which its ledger asks the DNS.
func resolveFaults(m *manifests) (faults []string) {
	served, cached := false, false
	for _, p := range of[*networkingv1.NetworkPolicy](m) {
		for _, rule := range p.Spec.Egress {
			var ports []string
			for _, port := range rule.Ports {
				ports = append(ports, fmt.Sprintf("%s %s", *port.Protocol, port.Port.String()))
			}
			if !slices.Equal(ports, []string{"UDP 53", "TCP 53"}) {
				continue
			}
			for _, to := range rule.To {
				served = served || to.PodSelector != nil && to.NamespaceSelector != nil &&
					to.PodSelector.MatchLabels["k8s-app"] == "kube-dns"
				cached = cached || to.IPBlock != nil && to.IPBlock.CIDR == "169.254.20.10/32"
			}
		}
	}
	if !served {
		faults = append(faults, "the ledger may not ask the DNS")
	}
	if !cached {
		faults = append(faults, "the ledger may not ask the cache of the DNS on its node")
	}
	return faults
}

// recipeFaults returns what is wrong with the commands in the heads of the kustomizations in a copy of kubernetes.
func recipeFaults(t *testing.T, dir string) (faults []string) {
	t.Helper()
	for _, file := range []string{"base", "overlays/cluster", "maintenance"} {
		content, err := os.ReadFile(filepath.Join(dir, file, "kustomization.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		commands := recipe(string(content))
		if file == "maintenance" {
			faults = append(faults, restoreFaults(commands, "/data/ledger")...)
		} else if len(commands) < 2 || commands[0] != "kubectl apply -f base/namespace.yaml" {
			faults = append(faults, file+": the namespace is not made first")
		}
		for _, command := range commands {
			for _, m := range regexp.MustCompile(`-[fk] (\w[\w./]*)`).FindAllStringSubmatch(command, -1) {
				if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
					faults = append(faults, fmt.Sprintf("%s: %v", command, err))
				}
			}
		}
	}
	return faults
}

func TestTheCommandsOfTheManifestsAreInOrder(t *testing.T) {
	for _, fault := range recipeFaults(t, "kubernetes") {
		t.Error(fault)
	}
	for _, c := range []struct{ file, old, new, want string }{
		{"base", "#   kubectl apply -f base/namespace.yaml\n", "", "base: the namespace is not made first"},
		{"overlays/cluster", "#   kubectl apply -f base/namespace.yaml\n", "",
			"cluster: the namespace is not made first"},
		{"base", "-f base/namespace.yaml", "-f namespace.yaml", "no such file"},
		{"maintenance", "--data /data/ledger-2 restore", "restore", "restores over the ledger"},
		{"maintenance", "--data /data/ledger-2 restore", "--data /data/ledger restore", "restores over the ledger"},
		{"maintenance", "restore /backups/ledger.tar", "restrore /backups/ledger.tar", "no command restores"},
	} {
		got := recipeFaults(t, edited(t, c.file+"/kustomization.yaml", c.old, c.new))
		if !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: %q → %q: expected %q, got %q", c.file, c.old, c.new, c.want, got)
		}
	}
}

func TestTheLedgerOfAClusterResolvesNames(t *testing.T) {
	for _, fault := range resolveFaults(kustomized(t, "overlays/cluster")) {
		t.Error(fault)
	}
	for _, c := range []struct{ old, new, want string }{
		{"k8s-app: kube-dns", "k8s-app: coredns", "not ask the DNS"},
		{"{port: 53, protocol: UDP}", "{port: 5353, protocol: UDP}", "not ask the DNS"},
		{"169.254.20.10/32", "169.254.169.254/32", "not ask the cache of the DNS"},
	} {
		dir := edited(t, "overlays/cluster/networkpolicy.yaml", c.old, c.new)
		m, err := buildKustomization(t, filepath.Join(dir, "overlays/cluster"))
		if err != nil {
			t.Fatal(err)
		}
		if got := resolveFaults(m); !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%q → %q: expected %q, got %q", c.old, c.new, c.want, got)
		}
	}
}

// scrapeFaults returns what is wrong with a job of Prometheus for the ledger of an overlay.
func scrapeFaults(t *testing.T, m *manifests, content string) (faults []string) {
	t.Helper()
	var scrape struct {
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			StaticConfigs []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(content), &scrape); err != nil {
		return []string{err.Error()}
	}
	if len(scrape.ScrapeConfigs) != 1 || len(scrape.ScrapeConfigs[0].StaticConfigs) != 1 {
		return []string{"there is not one job"}
	}
	rules, err := os.ReadFile("prometheus/taizhang.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	job := scrape.ScrapeConfigs[0]
	if !strings.Contains(string(rules), fmt.Sprintf("up{job=%q}", job.JobName)) {
		faults = append(faults, "no rule asks for the job "+job.JobName)
	}
	set := one[*appsv1.StatefulSet](t, m)
	want := ""
	for _, port := range set.Spec.Template.Spec.Containers[0].Ports {
		if port.Name == "admin" {
			want = fmt.Sprintf("%s-0.%s.%s.svc:%d", set.Name, set.Spec.ServiceName, set.Namespace, port.ContainerPort)
		}
	}
	if got := job.StaticConfigs[0].Targets; !slices.Equal(got, []string{want}) {
		faults = append(faults, fmt.Sprintf("the targets are %q, not %q", got, want))
	}
	return faults
}

func TestPrometheusScrapesTheLedgerInKubernetesAsTheRulesAsk(t *testing.T) {
	content, err := os.ReadFile("kubernetes/scrape.yml")
	if err != nil {
		t.Fatal(err)
	}
	m := kustomized(t, "overlays/single")
	for _, fault := range scrapeFaults(t, m, string(content)) {
		t.Error(fault)
	}
	for _, c := range []struct{ old, new, want string }{
		{"job_name: taizhang", "job_name: taizhang-pod", "no rule asks"},
		{`["taizhang-0.taizhang-pod`, `["taizhang-0.taizhang`, "the targets are"},
		{`:9464"]`, `:8443"]`, "the targets are"},
	} {
		changed := strings.Replace(string(content), c.old, c.new, 1)
		if got := scrapeFaults(t, m, changed); !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%q → %q: expected %q, got %q", c.old, c.new, c.want, got)
		}
	}
	// What the comment says of a ServiceMonitor: the service has the label from which the job gets its name.
	for _, s := range of[*corev1.Service](m) {
		if s.Name == "taizhang-pod" && s.Labels["app.kubernetes.io/name"] != "taizhang" {
			t.Errorf("the labels of the service %s are %v", s.Name, s.Labels)
		}
	}
}
