package main

import (
	"bytes"
	"testing"
	"time"
)

func TestPrint(t *testing.T) {
	hour := func(h int) time.Time { return time.Date(2013, 1, 2, h, 0, 0, 0, time.UTC) }
	s := &summary{carrierHours: newGrouping(), originDays: newGrouping()}
	s.carrierHours.delays = map[slot]Delays{
		{"UA", hour(10)}: {Name: "United", Flights: 2, Minutes: 10, Mean: 5},
		{"UA", hour(11)}: {Name: "United", Flights: 2, Minutes: 30, Mean: 15},
		{"AA", hour(10)}: {Name: "American", Flights: 1, Minutes: -3, Mean: -3},
	}
	s.carrierHours.cancelled = map[slot]int64{{"UA", hour(10)}: 1, {"UA", hour(12)}: 2}
	s.originDays.delays = map[slot]Delays{
		{"EWR", hour(0)}: {Name: "Newark", Flights: 3, Minutes: 30, Mean: 10},
		{"JFK", hour(0)}: {Name: "Kennedy", Flights: 2, Minutes: 60, Mean: 30},
	}
	s.originDays.cancelled = map[slot]int64{{"JFK", hour(0)}: 4}
	var out bytes.Buffer
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `
Airlines by mean departure delay
code  airline   departed  cancelled  mean delay  worst hour (UTC)
UA    United    4         3          10.0 min    Jan 02 11:00: 15 min, 2 flights
AA    American  1         0          -3.0 min    Jan 02 10:00: -3 min, 1 flights

Worst days by airport
day (UTC)   code  airport  departed  cancelled  mean delay
2013-01-02  JFK   Kennedy  2         4          30.0 min
2013-01-02  EWR   Newark   3         0          10.0 min
`
	if out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 100)
	for _, done := range []int64{0, 5, 10, 11, 55, 100} {
		p.show(done)
	}
	p.finish()
	want := "10 of 100 flights\n55 of 100 flights\n100 of 100 flights\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
