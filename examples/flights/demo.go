package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/oncestream/oncestream"
)

// demo feeds the topics, runs the application and prints what it comes to.
func demo(ctx context.Context, opt options, out io.Writer) error {
	data, err := readData(opt.data)
	if err != nil {
		return err
	}
	brokers, closeBroker, err := cluster(opt.brokers)
	if err != nil {
		return err
	}
	defer closeBroker()
	names := newTopics(opt.applicationID)
	fmt.Fprintf(out, "feeding %d flights, %d airlines and %d airports\n", len(data.flights), len(data.airlines), len(data.airports))
	if err := feed(ctx, brokers, names, data); err != nil {
		return err
	}
	opt.brokers = brokers
	sums, err := process(ctx, opt, names, newProgress(out, len(data.flights)))
	if err != nil {
		return err
	}
	return sums.print(out)
}

// cluster returns the addresses of the brokers: the given ones, or those of a
// broker that runs inside the process until it's closed.
func cluster(given []string) (addrs []string, closeBroker func(), err error) {
	if len(given) > 0 {
		return given, func() {}, nil
	}
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		return nil, nil, fmt.Errorf("broker inside the process: %w", err)
	}
	return c.ListenAddrs(), c.Close, nil
}

// process runs the application until all flights are in the results.
func process(ctx context.Context, opt options, names topics, p *progress) (*summary, error) {
	app, cleanup, err := newApp(opt, names)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 1)
	go func() {
		ran <- app.Run(ctx)
		// Without the application there's nothing more to wait for.
		stop()
	}()
	sums, err := collect(ctx, opt.brokers, names, p)
	stop()
	if runErr := <-ran; runErr != nil {
		return nil, runErr
	}
	return sums, err
}

// newApp makes the application. Cleanup removes its state, unless the user
// said where to keep it.
func newApp(opt options, names topics) (app *oncestream.App, cleanup func(), err error) {
	t, err := newTopology(names)
	if err != nil {
		return nil, nil, err
	}
	cleanup = func() {}
	if opt.stateDir == "" {
		if opt.stateDir, err = os.MkdirTemp("", "flights"); err != nil {
			return nil, nil, err
		}
		cleanup = func() { os.RemoveAll(opt.stateDir) }
	}
	app, err = oncestream.New(t, oncestream.Config{
		ApplicationID: opt.applicationID,
		Brokers:       opt.brokers,
		StateDir:      opt.stateDir,
	})
	if err != nil {
		cleanup()
		return nil, nil, err
	}
	return app, cleanup, nil
}
