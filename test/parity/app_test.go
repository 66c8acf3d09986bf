package parity

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/topology"
)

// run is one application with topics of its own.
type run struct {
	shape *shape
	addr  string
	id    string
	in    []string
	out   string
}

// starter starts an application of one of the two kinds, with no local state.
type starter func(t *testing.T, r *run) *running

// running is an application that was started.
type running struct {
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

// newRunning stops the application at the end of the test at the latest.
func newRunning(t *testing.T, stop context.CancelFunc, ended chan error) *running {
	p := &running{t, stop, ended}
	t.Cleanup(func() { p.halt() })
	return p
}

// halt lets the application commit and leave the group, and waits for its end.
func (p *running) halt() {
	p.t.Helper()
	p.stop()
	err := <-p.ended
	p.ended <- nil // for the next call
	if err != nil {
		p.t.Errorf("the application failed: %v", err)
	}
}

// check fails the test if the application has ended by itself.
func (p *running) check() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- nil
		p.t.Fatalf("the application ended: %v", err)
	default:
	}
}

func startOncestream(t *testing.T, r *run) *running {
	t.Helper()
	b := topology.NewBuilder()
	r.shape.build(b, r.in, r.out)
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	app, err := oncestream.New(top, oncestream.Config{
		ApplicationID: r.id, Brokers: strings.Split(r.addr, ","), StateDir: t.TempDir(),
		CommitInterval: 50 * time.Millisecond, Logger: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	return newRunning(t, cancel, ended)
}
