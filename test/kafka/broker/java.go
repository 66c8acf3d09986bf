package broker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// minJava is the oldest Java that the broker runs on.
const minJava = 17

// errMissing marks what apt-get could install.
var errMissing = errors.New("missing")

// java says how a main class of Kafka's is run on this machine.
type java struct {
	// bin is the java command, or empty where Docker runs the image.
	bin string
	// classpath names the jars, on this machine or in the image.
	classpath string
}

// locate finds a way to run Kafka, in the order of the package's comment.
func locate(ctx context.Context) (*java, error) {
	j, err := local(ctx)
	if err == nil {
		return j, nil
	}
	if errors.Is(err, errMissing) && canInstall() {
		if ierr := install(ctx); ierr != nil {
			err = errors.Join(err, ierr)
		} else if j, err = local(ctx); err == nil {
			return j, nil
		}
	}
	if derr := dockerRuns(ctx); derr != nil {
		return nil, fmt.Errorf("no way to run Kafka %s: %w\n%w\nInstall a JDK %d and Maven, or start Docker, "+
			"or set %s to a broker's address; make test-fast leaves the real broker out",
			Version, err, derr, minJava, EnvBootstrap)
	}
	return &java{classpath: imageLibs}, nil
}

// local runs Kafka with this machine's Java.
func local(ctx context.Context) (*java, error) {
	bin, err := findJava(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := jars(ctx)
	if err != nil {
		return nil, err
	}
	return &java{bin: bin, classpath: filepath.Join(dir, "*")}, nil
}

// findJava returns the java command, JAVA_HOME's first.
func findJava(ctx context.Context) (string, error) {
	bin := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		bin = filepath.Join(home, "bin", "java")
	}
	bin, err := exec.LookPath(bin)
	if err != nil {
		return "", fmt.Errorf("java: %w: %w", errMissing, err)
	}
	out, err := exec.CommandContext(ctx, bin, "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -version: %w: %s", bin, err, out)
	}
	if v := javaVersion(string(out)); v < minJava {
		return "", fmt.Errorf("java: %w: %s is version %d, %d or newer is needed", errMissing, bin, v, minJava)
	}
	return bin, nil
}

// javaVersion reads the major version out of what java -version prints, or 0.
// Java 8 and older call themselves 1.8.
func javaVersion(out string) int {
	m := regexp.MustCompile(`version "(\d+)`).FindStringSubmatch(out)
	if m == nil {
		return 0
	}
	v, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return v
}

// command returns the words that run a main class. The files it needs lie in
// dir. Under Docker the container is called name, and publishes the ports; without
// any it shares the machine's network.
func (j *java) command(name, dir string, ports []int, args ...string) []string {
	opts := []string{
		"-Xms256m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-cp", j.classpath,
	}
	args = append(opts, args...)
	if j.bin == "" {
		return append(dockerRun(name, dir, ports), args...)
	}
	return append([]string{j.bin}, args...)
}
