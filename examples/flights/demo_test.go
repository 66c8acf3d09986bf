package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// sarama's metrics share one ticker for the whole process, which nobody stops.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// sum is what the test computes of one window.
type sum struct{ flights, minutes, cancelled int64 }

// windows computes the sums of all windows from the rows of the file, by the
// key of one column and the start of the window.
func windows(t *testing.T, column int, width time.Duration) map[slot]sum {
	t.Helper()
	const depTime, depDelay, timeHour = 3, 5, 18
	out := map[slot]sum{}
	for _, row := range rows(t) {
		hour, err := time.Parse(time.RFC3339, row[timeHour])
		if err != nil {
			t.Fatal(err)
		}
		at := slot{row[column], hour.Truncate(width)}
		s := out[at]
		if row[depTime] == "NA" {
			s.cancelled++
		} else {
			delay, err := strconv.ParseInt(row[depDelay], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s.flights++
			s.minutes += delay
		}
		out[at] = s
	}
	return out
}

// rows returns the rows of January.
func rows(t *testing.T) [][]string {
	t.Helper()
	f, err := january.Open("data/flights.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// got puts the results of a grouping into the test's own form.
func got(g *grouping) map[slot]sum {
	out := map[slot]sum{}
	for at, d := range g.delays {
		out[at] = sum{flights: d.Flights, minutes: d.Minutes}
	}
	for at, n := range g.cancelled {
		s := out[at]
		s.cancelled = n
		out[at] = s
	}
	return out
}

// TestDemo runs all of January and compares each window with a computation
// from the file.
func TestDemo(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	opt, err := parse([]string{"-brokers", c.ListenAddrs()[0], "-state-dir", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := demo(t.Context(), opt, &printed); err != nil {
		t.Fatal(err)
	}
	t.Log(printed.String())

	// The topics hold what was printed, and more: read them once again.
	total := len(rows(t))
	s, err := collect(t.Context(), opt.brokers, newTopics(opt.applicationID), newProgress(io.Discard, total))
	if err != nil {
		t.Fatal(err)
	}
	const carrierColumn, originColumn = 9, 12
	if want := windows(t, carrierColumn, time.Hour); !maps.Equal(got(s.carrierHours), want) {
		t.Errorf("airlines by hour: %d windows, want %d, or their sums differ", len(got(s.carrierHours)), len(want))
	}
	if want := windows(t, originColumn, 24*time.Hour); !maps.Equal(got(s.originDays), want) {
		t.Errorf("airports by day: %d windows, want %d, or their sums differ", len(got(s.originDays)), len(want))
	}
	for _, line := range []string{"United Air Lines Inc.", "John F Kennedy Intl"} {
		if !strings.Contains(printed.String(), line) {
			t.Errorf("the tables don't name %q", line)
		}
	}

	if err := demo(t.Context(), opt, io.Discard); err == nil || !strings.Contains(err.Error(), "-application-id") {
		t.Errorf("a second run into the same topics: error %v, want one that says what to do", err)
	}
}
