//go:build !unix

package main

import (
	"errors"
	"fmt"
)

// measurable says whether resourceUsage works on this system.
func measurable() error {
	return fmt.Errorf("-until-end measures the process, which needs a Unix system: %w", errors.ErrUnsupported)
}

func resourceUsage() (usage, error) { return usage{}, measurable() }
