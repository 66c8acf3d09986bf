package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// gzipped makes a file of a text.
func gzipped(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

const header = "dep_time,dep_delay,carrier,flight,origin,dest,time_hour\n"

// tables are the two small files.
func tables(t *testing.T) fstest.MapFS {
	t.Helper()
	return fstest.MapFS{
		"airlines.csv.gz": gzipped(t, "carrier,name\nUA,United\n"),
		"airports.csv.gz": gzipped(t, "faa,name\nEWR,Newark\n"),
	}
}

func TestReadData(t *testing.T) {
	dir := tables(t)
	dir["flights.csv.gz"] = gzipped(t, header+
		"517,-2,UA,1545,EWR,IAH,2013-01-01T11:00:00Z\n"+
		"NA,NA,UA,1,EWR,IAH,2013-01-01T10:00:00Z\n")
	d, err := readData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.airlines) != 1 || d.airlines[0] != (Airline{"UA", "United"}) {
		t.Errorf("airlines %v", d.airlines)
	}
	if len(d.airports) != 1 || d.airports[0] != (Airport{"EWR", "Newark"}) {
		t.Errorf("airports %v", d.airports)
	}
	if len(d.flights) != 2 {
		t.Fatalf("%d flights, want 2", len(d.flights))
	}
	first, second := d.flights[0], d.flights[1]
	if first.Number != "1" || first.Delay != nil {
		t.Errorf("first flight %+v, want number 1, cancelled", first)
	}
	hour := time.Date(2013, 1, 1, 11, 0, 0, 0, time.UTC)
	if second.Delay == nil || *second.Delay != -2 || !second.Hour.Equal(hour) || second.Dest != "IAH" {
		t.Errorf("second flight %+v, want a delay of -2 at %s", second, hour)
	}
}

func TestReadDataErrors(t *testing.T) {
	for _, c := range []struct {
		name, flights, want string
	}{
		{"hour", header + "517,2,UA,1545,EWR,IAH,yesterday\n", "flights.csv.gz: line 2"},
		{"delay", header + "517,late,UA,1545,EWR,IAH,2013-01-01T11:00:00Z\n", "flights.csv.gz: line 2"},
		{"column", "dep_time\n517\n", "the file has no column"},
		{"row too short", header + "517\n", "flights.csv.gz: record on line 2"},
		{"empty", "", "flights.csv.gz: EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tables(t)
			dir["flights.csv.gz"] = gzipped(t, c.flights)
			_, err := readData(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestReadDataMissingFile(t *testing.T) {
	_, err := readData(tables(t))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "flights.csv.gz") {
		t.Errorf("error %v, want one that names the missing file", err)
	}
}
