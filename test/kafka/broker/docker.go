package broker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

const (
	image     = "apache/kafka:" + Version
	imageLibs = "/opt/kafka/libs/*"
)

// dockerRuns says whether a Docker daemon answers.
func dockerRuns(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker: %w: %s", err, out)
	}
	return nil
}

// dockerRun returns the words before java's own arguments. The container runs
// as the calling user, so that its files can be removed.
func dockerRun(name, dir string, ports []int) []string {
	words := []string{
		"docker", "run", "--rm", "--name", name, "--volume", dir + ":" + dir,
		"--user", strconv.Itoa(os.Getuid()) + ":" + strconv.Itoa(os.Getgid()),
	}
	if len(ports) == 0 {
		words = append(words, "--network", "host")
	}
	for _, p := range ports {
		words = append(words, "--publish", fmt.Sprintf("127.0.0.1:%d:%[1]d", p))
	}
	return append(words, "--entrypoint", "java", image)
}
