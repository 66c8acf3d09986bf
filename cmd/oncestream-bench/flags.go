package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/oncestream/oncestream"
)

// runFlags is what the command line of run says.
type runFlags struct {
	workload       string
	brokers        []string
	applicationID  string
	input, input2  string
	output         string
	stateDir       string
	workers        int
	cacheBytes     int64
	commitInterval time.Duration
	guarantee      oncestream.Guarantee
	untilEnd       bool
	sessionTimeout time.Duration
	metricsAddr    string
	logLevel       zapcore.Level
}

// guarantees are the values of -guarantee.
func guarantees() map[string]oncestream.Guarantee {
	return map[string]oncestream.Guarantee{
		"exactly_once_v2": oncestream.ExactlyOnceV2,
		"at_least_once":   oncestream.AtLeastOnce,
	}
}

// parseRun reads the command line of run and checks it.
func parseRun(args []string, stderr io.Writer) (*runFlags, error) {
	f := &runFlags{logLevel: zapcore.WarnLevel}
	var brokers, guarantee string
	fs := flag.NewFlagSet("oncestream-bench run", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&f.workload, "workload", "", "map, count, window, rekey or tablejoin")
	fs.StringVar(&brokers, "brokers", "", "broker addresses, separated by commas")
	fs.StringVar(&f.applicationID, "application-id", "", "application id: the consumer group and the prefix of internal topics")
	fs.StringVar(&f.input, "input", "", "input topic")
	fs.StringVar(&f.input2, "input2", "", "topic of the table of tablejoin")
	fs.StringVar(&f.output, "output", "", "output topic")
	fs.StringVar(&f.stateDir, "state-dir", "", "directory of the state stores")
	fs.IntVar(&f.workers, "workers", 1, "number of workers")
	fs.DurationVar(&f.commitInterval, "commit-interval", 100*time.Millisecond, "time between commits")
	fs.Int64Var(&f.cacheBytes, "cache-bytes", 0, "bytes of record caches, 0 for none")
	fs.StringVar(&guarantee, "guarantee", "exactly_once_v2", "exactly_once_v2 or at_least_once")
	fs.BoolVar(&f.untilEnd, "until-end", false, "stop at the ends the input topics have now, and print a line of JSON")
	fs.DurationVar(&f.sessionTimeout, "session-timeout", 0, "session timeout of the group (0: the framework's default)")
	fs.StringVar(&f.metricsAddr, "metrics-addr", "", "serve Prometheus metrics on this address, for instance 127.0.0.1:0")
	fs.TextVar(&f.logLevel, "log", zapcore.WarnLevel, "log level: debug, info, warn or error")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	f.brokers = addresses(brokers)
	if f.cacheBytes < 0 {
		return nil, fmt.Errorf("-cache-bytes %d: must not be negative", f.cacheBytes)
	}
	g, ok := guarantees()[guarantee]
	if !ok {
		return nil, fmt.Errorf("-guarantee %q: it's one of %s", guarantee, names(guarantees()))
	}
	f.guarantee = g
	return f, errors.Join(f.check(), noArguments(fs))
}

// check returns what's missing or doesn't fit together, all of it at once.
func (f *runFlags) check() error {
	var errs []error
	if len(f.brokers) == 0 {
		errs = append(errs, errors.New("-brokers is missing"))
	}
	for _, m := range []struct{ flag, value string }{
		{"application-id", f.applicationID}, {"input", f.input}, {"output", f.output}, {"state-dir", f.stateDir},
	} {
		if m.value == "" {
			errs = append(errs, fmt.Errorf("-%s is missing", m.flag))
		}
	}
	w, ok := workloads()[f.workload]
	switch {
	case !ok:
		errs = append(errs, fmt.Errorf("-workload %q: it's one of %s", f.workload, names(workloads())))
	case w.table && f.input2 == "":
		errs = append(errs, fmt.Errorf("-input2 is missing: %s joins with its table", f.workload))
	case !w.table && f.input2 != "":
		errs = append(errs, fmt.Errorf("-input2 is for tablejoin, not for %s", f.workload))
	}
	return errors.Join(errs...)
}

// inputs returns the names of the user's input topics.
func (f *runFlags) inputs() []string {
	if f.input2 == "" {
		return []string{f.input}
	}
	return []string{f.input, f.input2}
}

// addresses splits a comma-separated list and leaves out what's empty.
func addresses(list string) []string {
	var out []string
	for a := range strings.SplitSeq(list, ",") {
		if a = strings.TrimSpace(a); a != "" {
			out = append(out, a)
		}
	}
	return out
}

// names lists the keys of a table of choices for an error message.
func names[V any](choices map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(choices)), ", ")
}

// noArguments refuses what stands behind the flags: it's a mistyped flag, and
// ignoring it would run something else than was meant.
func noArguments(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return nil
}
