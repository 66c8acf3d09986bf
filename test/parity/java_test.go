package parity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// javaPatience is how long a Java program may take to end after its input.
const javaPatience = time.Minute

// javaProgram is the compiled Java side.
type javaProgram struct{ classpath string }

// compileJava makes the Java side runnable. Kafka can run in a container; this
// can't, so it needs a JDK and Maven.
func compileJava(t *testing.T) *javaProgram {
	t.Helper()
	for _, tool := range []string{"java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("Kafka Streams needs a JDK and Maven: %v", err)
		}
	}
	sources, err := filepath.Glob("java/*.java")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no Java sources: %v", err)
	}
	jars, classes := filepath.Join(streamsJars(t), "*"), t.TempDir()
	command(t, "javac", append([]string{"-Xlint:all", "-Werror", "-d", classes, "-cp", jars}, sources...)...)
	return &javaProgram{classpath: classes + string(filepath.ListSeparator) + jars}
}

// streamsJars returns the directory with Kafka Streams' jars. It's named by the
// content of the pom, and gets its name when it's complete: whoever finds it can
// use it, and a process that another one was faster than drops its own.
func streamsJars(t *testing.T) string {
	t.Helper()
	pom, err := os.ReadFile("java/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pom)
	dir := filepath.Join(cache, "oncestream", fmt.Sprintf("kafka-streams-%x", sum[:6]))
	if present(dir) {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	command(t, "mvn", "--batch-mode", "--quiet", "--file", "java/pom.xml",
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+tmp)
	if err := os.Rename(tmp, dir); err != nil && !present(dir) {
		t.Fatal(err)
	}
	return dir
}

func present(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// start runs the application with no local state. It ends with its standard
// input, also when the test's process dies.
func (j *javaProgram) start(t *testing.T, r *run) *running {
	t.Helper()
	cmd := exec.Command("java", append([]string{
		"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", j.classpath, "Takeover", r.addr, r.id, t.TempDir(), r.shape.name, r.out,
	}, r.in...)...)
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
