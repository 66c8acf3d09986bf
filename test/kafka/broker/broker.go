package broker

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// EnvBootstrap is the environment variable with the addresses of brokers that
// run already, separated by commas.
const EnvBootstrap = "KAFKA_BOOTSTRAP"

// setupTimeout bounds one start with everything that has to be fetched for it.
const setupTimeout = 15 * time.Minute

// readyTimeout bounds the time from the start of the process to its first
// answer. It's up in 3 s on an idle machine.
const readyTimeout = 2 * time.Minute

// Broker is a broker process and its data. It's used by one goroutine at a time.
type Broker struct {
	// Addr is where clients connect to, host:port. A restart keeps it.
	Addr string

	java *java
	dir  string
	name string
	// ports are published where the broker runs in a container.
	ports []int
	proc  *process // nil while it's down
}

// Start starts a broker with no data and returns when it answers. The caller
// stops it.
func Start(ctx context.Context, opts ...Option) (*Broker, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	j, err := locate(ctx)
	if err != nil {
		return nil, err
	}
	for {
		b, err := startNew(ctx, j, opts)
		// Between the look for a free port and its use another process can take it.
		if err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return b, err
		}
	}
}

func startNew(ctx context.Context, j *java, opts []Option) (*Broker, error) {
	dir, err := os.MkdirTemp("", "kafka-")
	if err != nil {
		return nil, fmt.Errorf("broker data: %w", err)
	}
	b := &Broker{java: j, dir: dir, name: filepath.Base(dir)}
	if err := b.create(ctx, opts); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// create formats the data directory and starts the process for the first time.
func (b *Broker) create(ctx context.Context, opts []Option) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	controller, err := freePort()
	if err != nil {
		return err
	}
	listen := "127.0.0.1"
	if b.java.bin == "" {
		listen = "0.0.0.0" // the container's; it's published on loopback alone
	}
	b.Addr = fmt.Sprintf("127.0.0.1:%d", port)
	s := &settings{listen: listen, ports: []int{port}, properties: properties(b.dir, listen, port, controller)}
	for _, o := range opts {
		if err := o(s); err != nil {
			return err
		}
	}
	b.ports = s.ports
	if err := os.WriteFile(b.config(), []byte(render(s.properties)), 0o644); err != nil {
		return fmt.Errorf("broker configuration: %w", err)
	}
	if err := b.format(ctx); err != nil {
		return err
	}
	return b.Restart(ctx)
}

func (b *Broker) format(ctx context.Context) error {
	argv := b.java.command(b.name+"-format", b.dir, b.ports,
		"kafka.tools.StorageTool", "format", "--cluster-id", clusterID(), "--config", b.config())
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("format broker data: %w: %s", err, out)
	}
	return nil
}

// clusterID makes a random UUID in Kafka's text form. Its first bits are zero,
// because a leading dash would be taken for an option.
func clusterID() string {
	var id [16]byte
	rand.Read(id[1:]) // never fails
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// Restart starts the process again after Kill, on the same address and data, and
// returns when it answers.
func (b *Broker) Restart(ctx context.Context) error {
	if b.proc != nil {
		return errors.New("restart broker: it's running")
	}
	box := ""
	if b.java.bin == "" {
		box = b.name
	}
	argv := b.java.command(b.name, b.dir, b.ports, "kafka.Kafka", b.config())
	p, err := start(b.dir, box, b.logFile(), argv)
	if err != nil {
		return err
	}
	b.proc = p
	return b.ready(ctx)
}

// ready polls the broker until it answers a metadata request.
func (b *Broker) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		return fmt.Errorf("wait for broker: %w", err)
	}
	defer cl.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := answers(ctx, cl)
		if err == nil {
			return nil
		}
		select {
		case <-b.proc.exited:
			return fmt.Errorf("broker ended at its start: %w\n%s", b.proc.err, b.LogTail())
		case <-ctx.Done():
			return fmt.Errorf("broker doesn't answer: %w: %w\n%s", ctx.Err(), err, b.LogTail())
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return cl.Ping(ctx)
}

// Kill ends the process with SIGKILL and keeps its data. It returns when the
// process is gone; killing a broker that's down does nothing.
func (b *Broker) Kill() error {
	if b.proc == nil {
		return nil
	}
	err := b.proc.kill()
	b.proc = nil
	return err
}

// Stop kills the process and removes its data.
func (b *Broker) Stop() error {
	return errors.Join(b.Kill(), os.RemoveAll(b.dir))
}

// LogTail returns the end of the broker's log, at most 4 KiB, or why it can't
// be read.
func (b *Broker) LogTail() string {
	data, err := os.ReadFile(b.logFile())
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-4096):])
}

func (b *Broker) config() string  { return filepath.Join(b.dir, "server.properties") }
func (b *Broker) logFile() string { return filepath.Join(b.dir, "broker.log") }
