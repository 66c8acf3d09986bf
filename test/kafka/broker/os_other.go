//go:build !unix

package broker

import (
	"errors"
	"fmt"
	"os/exec"
)

var errOS = fmt.Errorf("starting Kafka on this operating system: %w; set %s to a broker's address",
	errors.ErrUnsupported, EnvBootstrap)

func lock(string) (unlock func(), err error) { return nil, errOS }

func ownGroup(*exec.Cmd) {}

func killGroup(int) error { return errOS }
