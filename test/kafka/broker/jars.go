package broker

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is the version of Apache Kafka that is started.
const Version = "4.3.1"

//go:embed pom.xml
var pom []byte

// jars returns the directory with the broker's jars, fetched once for all
// processes of this user. A directory is complete when it holds the pom it was
// made from, because it gets its name only then.
func jars(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache directory for the broker's jars: %w", err)
	}
	root := filepath.Join(cache, "oncestream")
	dir := filepath.Join(root, "kafka-"+Version)
	if complete(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("cache directory for the broker's jars: %w", err)
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete(dir) { // another process was faster
		return dir, nil
	}
	return dir, fetch(ctx, dir)
}

func complete(dir string) bool {
	have, err := os.ReadFile(filepath.Join(dir, "pom.xml"))
	return err == nil && bytes.Equal(have, pom)
}

// fetch lets Maven copy the jars beside dir and renames the whole.
func fetch(ctx context.Context, dir string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("mvn: %w: %w", errMissing, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return fmt.Errorf("fetch the broker's jars: %w", err)
	}
	defer os.RemoveAll(tmp)
	file := filepath.Join(tmp, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return fmt.Errorf("fetch the broker's jars: %w", err)
	}
	cmd := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "--file", file,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+tmp)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch the broker's jars: %w: %s", err, out)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("replace the broker's jars: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("fetch the broker's jars: %w", err)
	}
	return os.Chmod(dir, 0o755)
}
