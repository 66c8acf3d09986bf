package broker

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
)

// ConsoleConsumer runs Kafka's own console consumer against a broker with the
// given arguments and returns what it prints to its standard output. It ends by
// itself only with --max-messages or --timeout-ms; the context ends it earlier.
func ConsoleConsumer(ctx context.Context, addr string, args ...string) ([]byte, error) {
	j, err := locate(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kafka-console-")
	if err != nil {
		return nil, fmt.Errorf("console consumer: %w", err)
	}
	defer os.RemoveAll(dir)
	args = append([]string{"org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", addr}, args...)
	argv := j.command("kafka-console-"+rand.Text(), dir, nil, args...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("console consumer: %w: %s", err, errs.Bytes())
	}
	return out.Bytes(), nil
}
