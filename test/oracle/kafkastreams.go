package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/oncestream/oncestream/test/java"
)

// kafkaStreams runs scenarios on Kafka Streams, in one process of Java.
type kafkaStreams struct {
	dir     string
	cmd     *exec.Cmd
	to      io.WriteCloser
	answers *bufio.Scanner
}

// startKafkaStreams compiles the Java side and starts it.
func startKafkaStreams(ctx context.Context) (_ *kafkaStreams, err error) {
	const root = "test/oracle/java"
	var sources []string
	for _, pattern := range []string{"oracle/*.java", "org/apache/kafka/streams/*.java"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no Java sources in %s: is this the root of the repository? (%v)", root, err)
		}
		sources = append(sources, found...)
	}
	ks := &kafkaStreams{}
	if ks.dir, err = os.MkdirTemp("", "oracle-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(ks.dir))
		}
	}()
	program, err := java.Compile(ctx, filepath.Join(root, "pom.xml"), sources, filepath.Join(ks.dir, "classes"))
	if err != nil {
		return nil, err
	}
	// Among queues with equal times the driver's heap picks as its shape has it; the
	// rule that FORMAT.md describes is as good.
	ks.cmd = program.Command(ctx, []string{"-Doracle.ties=fifo", "-Djava.io.tmpdir=" + ks.dir}, "oracle.Oracle", ks.dir)
	ks.cmd.Stderr = os.Stderr
	if ks.to, err = ks.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := ks.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	ks.answers = bufio.NewScanner(out)
	return ks, ks.cmd.Start()
}

// start begins with a scenario. Its result is to be taken before the next one.
func (ks *kafkaStreams) start(name string, text []byte) error {
	dir := filepath.Join(ks.dir, "scenarios")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, name+".json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintln(ks.to, file)
	return err
}

// senseless says that a scenario is none.
type senseless struct{ why string }

// Error implements error.
func (s senseless) Error() string { return "no scenario: " + s.why }

// result returns what Kafka Streams did, in the text of a result file.
func (ks *kafkaStreams) result(name string) ([]byte, error) {
	if !ks.answers.Scan() {
		return nil, errors.Join(errors.New("the Java side has ended"), ks.answers.Err())
	}
	if why := ks.answers.Text(); why != "" {
		return nil, senseless{why}
	}
	return os.ReadFile(filepath.Join(ks.dir, name+".json"))
}

func (ks *kafkaStreams) close() error {
	return errors.Join(ks.to.Close(), ks.cmd.Wait(), os.RemoveAll(ks.dir))
}
