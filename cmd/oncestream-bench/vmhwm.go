package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// vmHWM reads the peak resident set size, in KiB, from a status file of procfs.
func vmHWM(path string) (int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("peak resident set size: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "VmHWM:" && f[2] == "kB" {
			return strconv.ParseInt(f[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("peak resident set size: %s has no VmHWM", path)
}
