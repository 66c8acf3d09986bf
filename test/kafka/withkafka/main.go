// Command withkafka runs another command with a real Apache Kafka: it starts a
// broker, sets KAFKA_BOOTSTRAP for the command and prints it, and stops the
// broker when the command ended. It exits with the command's code. Where
// KAFKA_BOOTSTRAP is set already it starts nothing.
//
//	withkafka go test ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/oncestream/oncestream/test/kafka/broker"
)

// grace is how long the command may take to end after a signal.
const grace = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(ctx context.Context, argv []string) (code int, err error) {
	if len(argv) == 0 {
		return 2, errors.New("usage: withkafka COMMAND [ARGUMENT...]")
	}
	addr := os.Getenv(broker.EnvBootstrap)
	if addr == "" {
		b, err := broker.Start(ctx)
		if err != nil {
			return 1, err
		}
		defer func() {
			if serr := b.Stop(); serr != nil {
				code, err = max(code, 1), errors.Join(err, serr)
			}
		}()
		addr = b.Addr
		fmt.Fprintf(os.Stderr, "%s=%s\n", broker.EnvBootstrap, addr)
	}
	return child(ctx, addr, argv)
}

// child runs the command and returns its exit code. A signal is passed on as
// SIGTERM to all of the command's processes.
func child(ctx context.Context, addr string, argv []string) (int, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), broker.EnvBootstrap+"="+addr)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.WaitDelay = grace
	ownGroup(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}
