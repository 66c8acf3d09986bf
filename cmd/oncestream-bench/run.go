package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/topology"
)

// runCommand runs a workload until ctx is cancelled or, with -until-end, until
// its input is processed.
func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f, err := parseRun(args, stderr)
	if err != nil {
		return err
	}
	t, err := build(f)
	if err != nil {
		return err
	}
	adm, err := newAdmin(f.brokers)
	if err != nil {
		return err
	}
	defer adm.Close()
	if err := createOutput(ctx, adm, f.input, f.output); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	stop, err := serveMetrics(ctx, f.metricsAddr, registry, stderr)
	if err != nil {
		return err
	}
	err = process(ctx, f, t, adm, registry, stdout)
	return errors.Join(err, stop())
}

// process runs the topology.
func process(ctx context.Context, f *runFlags, t *topology.Topology, adm *admin, r prometheus.Registerer, stdout io.Writer) error {
	var started clock
	app, err := newApp(f, t, r, started.onState)
	if err != nil {
		return err
	}
	if !f.untilEnd {
		return app.Run(ctx)
	}
	if err := measurable(); err != nil {
		return err
	}
	d, err := newDrain(ctx, adm, f.applicationID, f.inputs(), repartitionTopics(f.applicationID, t))
	if err != nil {
		return err
	}
	return runUntilEnd(ctx, f, app, d, &started, stdout)
}

// runUntilEnd runs the application until its input is drained, and reports.
func runUntilEnd(ctx context.Context, f *runFlags, app *oncestream.App, d *drain, started *clock, stdout io.Writer) error {
	runCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		report report
		err    error
	}
	watched := make(chan end, 1)
	go func() {
		defer cancel()
		if err := d.wait(runCtx); err != nil {
			watched <- end{err: err}
			return
		}
		// What it costs to stop isn't part of the processing.
		rep, err := measure(f.workload, d.records(), started.elapsed())
		watched <- end{rep, err}
	}()
	runErr := app.Run(runCtx)
	cancel()
	e := <-watched
	if runErr != nil {
		return runErr
	}
	if e.err != nil {
		return fmt.Errorf("stopped before the end of the input: %w", e.err)
	}
	return e.report.print(stdout)
}

// newApp makes the application that the flags describe.
func newApp(f *runFlags, t *topology.Topology, r prometheus.Registerer, onState func(from, to oncestream.State)) (*oncestream.App, error) {
	log, err := newLogger(f.logLevel)
	if err != nil {
		return nil, err
	}
	return oncestream.New(t, oncestream.Config{
		ApplicationID:  f.applicationID,
		Brokers:        f.brokers,
		Guarantee:      f.guarantee,
		StateDir:       f.stateDir,
		Workers:        f.workers,
		CommitInterval: f.commitInterval, RecordCacheBytes: f.cacheBytes,
		SessionTimeout: f.sessionTimeout,
		Logger:         log,
		Registerer:     r,
		OnState:        onState,
	})
}

// newLogger returns a logger which writes JSON lines to the standard error.
func newLogger(level zapcore.Level) (*zap.Logger, error) {
	cfg := zap.NewProductionConfig()
	cfg.Level = zap.NewAtomicLevelAt(level)
	// Sampling would leave out lines that a reader of a crash test looks for.
	cfg.Sampling = nil
	return cfg.Build()
}

// repartitionTopics returns the full names of the internal topics between the
// topology's parts.
func repartitionTopics(applicationID string, t *topology.Topology) []string {
	var out []string
	for _, sub := range t.Plan().SubTopologies {
		for _, src := range sub.Sources {
			if src.Repartition != nil {
				out = append(out, applicationID+"-"+src.Topic)
			}
		}
	}
	return out
}
