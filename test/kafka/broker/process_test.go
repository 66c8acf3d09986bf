//go:build unix

package broker

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// envDir makes the test binary start a process with this data directory and wait
// for its end.
const envDir = "BROKER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		parent(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func parent(dir string) {
	p, err := start(dir, "", filepath.Join(dir, "log"), []string{"sh", "-c", "exec sleep 600 >" + filepath.Join(dir, "fifo")})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-p.exited
}

// A process whose parent dies by SIGKILL is killed, and its data removed.
func TestParentDies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The file can be opened when the process has opened its end, and ends when
	// the process has ended.
	end, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the killed parent ended well")
	}
	if _, err := io.ReadAll(end); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the removal of its data", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

// Killing leaves the data, also when the process had ended before.
func TestKillKeepsData(t *testing.T) {
	for _, argv := range [][]string{{"sleep", "600"}, {"false"}} {
		t.Run(argv[0], func(t *testing.T) {
			dir := t.TempDir()
			p, err := start(dir, "", filepath.Join(dir, "log"), argv)
			if err != nil {
				t.Fatal(err)
			}
			if argv[0] == "false" {
				<-p.exited
			}
			if err := p.kill(); err != nil {
				t.Error(err)
			}
			if p.err == nil {
				t.Error("the process ended well")
			}
			if _, err := os.Stat(filepath.Join(dir, "log")); err != nil {
				t.Error(err)
			}
		})
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
