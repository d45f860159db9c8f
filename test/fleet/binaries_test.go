package fleet

import (
	"os"
	"strings"
	"testing"
)

// The versions in the code name the cache; the go.mod files decide what is built.
func TestVersionsAreThoseOfTheModules(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), want) {
			t.Errorf("%s does not require %q", file, want)
		}
	}
	f("controlplane/go.mod", "k8s.io/kubernetes "+KubernetesVersion)
	f("etcd/go.mod", "go.etcd.io/etcd/server/v3 "+EtcdVersion)
}
