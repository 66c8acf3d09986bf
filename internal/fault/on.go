//go:build failpoint

package fault

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// passed counts how often the point that ONCESTREAM_KILL names was passed. It's
// the one variable of the package and exists in test builds only.
var passed atomic.Int64

// Point kills the process (SIGKILL, so nothing is cleaned up) when the
// environment variable ONCESTREAM_KILL is "name" or "name:n" for the nth time
// that the point is passed. With "@file" it does so as soon as the file holds the
// name, which is removed first: whoever starts the process again needs no other
// environment.
func Point(name string) {
	want, nth, _ := strings.Cut(os.Getenv("ONCESTREAM_KILL"), ":")
	if file, ok := strings.CutPrefix(want, "@"); ok {
		if text, err := os.ReadFile(file); err == nil && string(text) == name && os.Remove(file) == nil {
			die()
		}
		return
	}
	if want != name {
		return
	}
	n, err := strconv.ParseInt(nth, 10, 64)
	if err != nil {
		n = 1
	}
	if passed.Add(1) == n {
		die()
	}
}

func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGKILL)
	}
	if err != nil {
		os.Exit(137)
	}
	select {} // the signal is on its way
}
