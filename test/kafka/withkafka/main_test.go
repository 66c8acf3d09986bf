//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/kafka/broker"
)

func TestExitCode(t *testing.T) {
	t.Setenv(broker.EnvBootstrap, "127.0.0.1:1")
	for _, tc := range []struct {
		name string
		argv []string
		code int
		fail bool
	}{
		{"the command's code", []string{"sh", "-c", "exit 3"}, 3, false},
		{"success with the address", []string{"sh", "-c", `test "$KAFKA_BOOTSTRAP" = 127.0.0.1:1`}, 0, false},
		{"no command", nil, 2, true},
		{"unknown command", []string{"/nonexistent/command"}, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, err := run(t.Context(), tc.argv)
			if code != tc.code || (err != nil) != tc.fail {
				t.Errorf("code %d and error %v, want code %d and error: %t", code, err, tc.code, tc.fail)
			}
		})
	}
}

// The signal reaches the processes that the command started, too.
func TestSignal(t *testing.T) {
	t.Setenv(broker.EnvBootstrap, "127.0.0.1:1")
	dir := t.TempDir()
	up, down := filepath.Join(dir, "up"), filepath.Join(dir, "down")
	script := `(trap 'touch "$1"; exit 0' TERM; touch "$0"; while :; do sleep 0.01; done) & wait`
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := run(ctx, []string{"sh", "-c", script, up, down})
		done <- err
	}()
	waitFor(t, up)
	cancel()
	if err := <-done; err == nil {
		t.Error("a command ended by a signal counts as a success")
	}
	waitFor(t, down)
}

func waitFor(t *testing.T, file string) {
	t.Helper()
	for tick := time.NewTicker(time.Millisecond); ; {
		if _, err := os.Stat(file); err == nil {
			tick.Stop()
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("wait for %s: %v", file, t.Context().Err())
		case <-tick.C:
		}
	}
}
