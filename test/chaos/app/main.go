// Command app is an application for crash tests, of what the benchmark's workloads
// don't have: topics of a pattern and global stores. It's configured by flags, runs
// until SIGTERM, and prints where its metrics are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"github.com/oncestream/oncestream"
)

// flags are what the test says.
type flags struct {
	topology, brokers      string
	input, global, output  string
	applicationID, dir     string
	dynamic                bool
	session, discoverEvery time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func parse() *flags {
	f := &flags{}
	flag.StringVar(&f.topology, "topology", "", "pattern or global")
	flag.StringVar(&f.brokers, "brokers", "", "broker addresses, separated by commas")
	flag.StringVar(&f.input, "input", "", "input topic, or the regular expression of input topics")
	flag.StringVar(&f.global, "global", "", "topic of the global stores")
	flag.StringVar(&f.output, "output", "", "output topic")
	flag.StringVar(&f.applicationID, "application-id", "", "application id")
	flag.StringVar(&f.dir, "state-dir", "", "directory of the state stores")
	flag.BoolVar(&f.dynamic, "dynamic", false, "join the group without instance ids")
	flag.DurationVar(&f.session, "session-timeout", 0, "session timeout of the group")
	flag.DurationVar(&f.discoverEvery, "discovery-interval", 0, "time between two looks for topics")
	flag.Parse()
	return f
}

func run(ctx context.Context, f *flags) (err error) {
	top, err := build(f)
	if err != nil {
		return err
	}
	log, err := zap.NewProduction()
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	stop, err := serve(ctx, registry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	app, err := oncestream.New(top, oncestream.Config{
		ApplicationID: f.applicationID, Brokers: strings.Split(f.brokers, ","), StateDir: f.dir, DynamicMembership: f.dynamic,
		SessionTimeout: f.session, DiscoveryInterval: f.discoverEvery, Logger: log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

// serve serves the metrics and prints where. The returned function stops it.
func serve(ctx context.Context, g prometheus.Gatherer) (stop func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: promhttp.HandlerFor(g, promhttp.HandlerOpts{}), ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	fmt.Printf("metrics on http://%s/\n", l.Addr())
	return func() error {
		err := srv.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}
