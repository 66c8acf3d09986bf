package broker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// canInstall says whether apt-get works without asking anyone.
func canInstall() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// install gets Java and Maven from the distribution. Newer distributions have
// no version 17 any more, but a default that is new enough.
func install(ctx context.Context) error {
	unlock, err := lock(filepath.Join(os.TempDir(), "oncestream-install.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := apt(ctx, "update"); err != nil {
		return err
	}
	err = apt(ctx, "install", "--yes", "--no-install-recommends", "openjdk-17-jdk-headless", "maven")
	if err == nil {
		return nil
	}
	if apt(ctx, "install", "--yes", "--no-install-recommends", "default-jdk-headless", "maven") == nil {
		return nil
	}
	return err
}

func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, out)
	}
	return nil
}
