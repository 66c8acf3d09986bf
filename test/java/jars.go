package java

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// jars returns the directory with the jars that a pom names. It's named by the
// content of the pom, and gets its name when it's complete: whoever finds it can
// use it, and a process that another one was faster than drops its own.
func jars(ctx context.Context, pom string) (string, error) {
	text, err := os.ReadFile(pom)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache directory for jars: %w", err)
	}
	sum := sha256.Sum256(text)
	dir := filepath.Join(cache, "oncestream", fmt.Sprintf("kafka-streams-%x", sum[:6]))
	if present(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("cache directory for jars: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return "", fmt.Errorf("fetch jars: %w", err)
	}
	defer os.RemoveAll(tmp)
	err = run(ctx, "mvn", "--batch-mode", "--quiet", "--file", pom,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+tmp)
	if err != nil {
		return "", fmt.Errorf("fetch jars: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil && !present(dir) {
		return "", fmt.Errorf("fetch jars: %w", err)
	}
	return dir, nil
}

func present(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}
