// Flights runs a stream application over real data: the departures from New
// York in January 2013 (or, with -data, in the whole year). It counts flights
// and averages departure delays per airline and hour and per airport and day,
// joins in the names of airlines and airports, and counts cancelled flights
// apart.
//
// The rows are fed to topics first. Then the application runs until every
// flight is in the results, which are topics as well; what's printed at the
// end is read from them.
//
// Flags:
//
//	-brokers a:9092,b:9092   run on this cluster; without it a broker for tests runs inside the process
//	-data DIR                read flights.csv.gz, airlines.csv.gz and airports.csv.gz from DIR
//	-application-id ID       the consumer group, and the first part of all topics' names (default flights)
//	-state-dir DIR           keep the state there; without it it's in a temporary directory
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// january are the files of one month.
//
//go:embed data/*.csv.gz
var january embed.FS

// options are what the command line says.
type options struct {
	brokers       []string
	data          fs.FS
	applicationID string
	stateDir      string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opt, err := parse(os.Args[1:])
	if err == nil {
		err = demo(ctx, opt, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "flights:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("flights", flag.ContinueOnError)
	brokers := flags.String("brokers", "", "addresses of a cluster, separated by commas (none: a broker inside the process)")
	dir := flags.String("data", "", "directory with flights.csv.gz, airlines.csv.gz and airports.csv.gz (none: January 2013)")
	id := flags.String("application-id", "flights", "the consumer group, and the first part of all topics' names")
	stateDir := flags.String("state-dir", "", "directory of the state (none: a temporary one)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	opt := options{applicationID: *id, stateDir: *stateDir}
	if *brokers != "" {
		opt.brokers = strings.Split(*brokers, ",")
	}
	if *dir != "" {
		opt.data = os.DirFS(*dir)
		return opt, nil
	}
	sub, err := fs.Sub(january, "data")
	opt.data = sub
	return opt, err
}
