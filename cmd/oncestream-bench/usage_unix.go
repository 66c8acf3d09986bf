//go:build unix

package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// measurable says whether resourceUsage works on this system.
func measurable() error { return nil }

// resourceUsage returns what this process has used so far. On Linux the peak is
// the VmHWM of /proc/self/status, since getrusage's maximum survives execve: it
// would report the size of the program that started this one.
func resourceUsage() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, fmt.Errorf("getrusage: %w", err)
	}
	u := usage{cpu: time.Duration(r.Utime.Nano() + r.Stime.Nano())}
	switch runtime.GOOS {
	case "linux":
		kb, err := vmHWM("/proc/self/status")
		if err != nil {
			return usage{}, err
		}
		u.peakRSS = kb * 1024
	case "darwin", "ios":
		u.peakRSS = int64(r.Maxrss) // in bytes there
	default:
		u.peakRSS = int64(r.Maxrss) * 1024
	}
	return u, nil
}
