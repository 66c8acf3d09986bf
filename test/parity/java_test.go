package parity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/java"
)

// javaPatience is how long a Java program may take to end after its input.
const javaPatience = 3 * time.Minute

// javaSide is the compiled Java side.
type javaSide struct{ program *java.Program }

// compileJava makes the Java side runnable.
func compileJava(t *testing.T) *javaSide {
	t.Helper()
	sources, err := filepath.Glob("java/*.java")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no Java sources: %v", err)
	}
	p, err := java.Compile(t.Context(), "java/pom.xml", sources, t.TempDir())
	if errors.Is(err, java.ErrNoJDK) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &javaSide{p}
}

// start runs the application with no local state. It ends with its standard
// input, also when the test's process dies.
func (j *javaSide) start(t *testing.T, r *run) *running {
	t.Helper()
	cmd := j.program.Command(context.Background(), []string{"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"},
		"Takeover", append([]string{r.addr, r.id, t.TempDir(), r.shape.name, r.out}, r.in...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, log.Bytes())
		}
		ended <- err
	}()
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() {
		stdin.Close()
		time.AfterFunc(javaPatience, func() { cmd.Process.Kill() })
	})
	return newRunning(t, cancel, ended)
}
