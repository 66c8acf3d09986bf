//go:build unix

package broker

import (
	"strings"
	"testing"
)

// A broker that ends at its start is told with the end of its log.
func TestStartFails(t *testing.T) {
	machine(t, map[string]string{
		"java": java17 + `; case "$*" in *kafka.Kafka*) echo "no such property"; exit 1;; esac`, "mvn": mvn,
	})
	_, err := Start(t.Context())
	wantError(t, err, []string{"broker ended at its start", "exit status 1", "no such property"})
}

func TestFormatFails(t *testing.T) {
	machine(t, map[string]string{
		"java": java17 + `; case "$*" in *StorageTool*) echo "bad directory"; exit 1;; esac`, "mvn": mvn,
	})
	_, err := Start(t.Context())
	wantError(t, err, []string{"format broker data", "bad directory"})
}

// Another process was faster with the port: the next start takes another one.
func TestPortTaken(t *testing.T) {
	machine(t, map[string]string{
		"mvn": mvn,
		"java": java17 + `; case "$*" in *kafka.Kafka*)
if test -e "$LOG.2"; then echo give up; else echo Address already in use; fi
test ! -e "$LOG.1" || echo >"$LOG.2"
echo >"$LOG.1"
exit 1;; esac`,
	})
	_, err := Start(t.Context())
	wantError(t, err, []string{"give up"})
}

func TestRestartOfRunning(t *testing.T) {
	b := Broker{proc: &process{}}
	if err := b.Restart(t.Context()); err == nil {
		t.Error("a running broker was started again")
	}
}

func TestClusterID(t *testing.T) {
	a, b := clusterID(), clusterID()
	if len(a) != 22 || strings.HasPrefix(a, "-") {
		t.Errorf("%q is no id of a cluster", a)
	}
	if a == b {
		t.Errorf("%q twice", a)
	}
}

func TestRender(t *testing.T) {
	s := &settings{properties: map[string]string{"b": `C:\x`, "a": "1"}}
	for _, o := range []Option{Property("a", "2"), Property("c", "two\nlines")} {
		if err := o(s); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := render(s.properties), "a=2\nb=C:\\\\x\nc=two\\nlines\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
