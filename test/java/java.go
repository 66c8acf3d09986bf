package java

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoJDK says that a command of the JDK or Maven is missing. A broker can run in
// a container; what is compiled here can't.
var ErrNoJDK = errors.New("a JDK and Maven are needed")

// Program is a compiled program and the jars it runs with.
type Program struct{ classpath string }

// Compile compiles the sources into the directory classes, against the jars that
// pom names. It fails with ErrNoJDK where that isn't possible on this machine.
func Compile(ctx context.Context, pom string, sources []string, classes string) (*Program, error) {
	for _, tool := range []string{"java", "javac", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoJDK, err)
		}
	}
	dir, err := jars(ctx, pom)
	if err != nil {
		return nil, err
	}
	all := filepath.Join(dir, "*")
	// The jars' own flaws aren't the sources': an annotation of theirs that names a
	// class nobody ships, for instance.
	args := []string{"-Xlint:all,-processing,-classfile,-path", "-Werror", "-d", classes, "-cp", all}
	if err := run(ctx, "javac", append(args, sources...)...); err != nil {
		return nil, err
	}
	return &Program{classpath: classes + string(os.PathListSeparator) + all}, nil
}

// Command returns the command that runs a class of the program. It has a small
// heap and starts fast; options go to the virtual machine.
func (p *Program) Command(ctx context.Context, options []string, class string, args ...string) *exec.Cmd {
	options = append([]string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", p.classpath}, options...)
	return exec.CommandContext(ctx, "java", append(append(options, class), args...)...)
}

func run(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
