package main

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"time"
)

// Flight is one scheduled departure.
type Flight struct {
	Carrier string `json:"carrier"`
	Number  string `json:"number"`
	Origin  string `json:"origin"`
	Dest    string `json:"dest"`
	// Hour is the hour of the scheduled departure, in UTC.
	Hour time.Time `json:"hour"`
	// Delay is the minutes between the scheduled and the actual departure,
	// negative for an early one, and nil for a flight that was cancelled.
	Delay *int64 `json:"delay"`
}

// Airline is a row of the airlines' table.
type Airline struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Airport is a row of the airports' table.
type Airport struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// dataSet is what's fed to the topics.
type dataSet struct {
	flights  []Flight
	airlines []Airline
	airports []Airport
}

// readData reads the three files of a directory. The flights come in the order
// of their event time: the files hold them by month, and the months in the
// order of their names.
func readData(dir fs.FS) (*dataSet, error) {
	d := &dataSet{}
	err := errors.Join(
		readTable(dir, "flights.csv.gz", &d.flights, newFlight),
		readTable(dir, "airlines.csv.gz", &d.airlines, func(r row) (Airline, error) {
			return Airline{Code: r("carrier"), Name: r("name")}, nil
		}),
		readTable(dir, "airports.csv.gz", &d.airports, func(r row) (Airport, error) {
			return Airport{Code: r("faa"), Name: r("name")}, nil
		}),
	)
	slices.SortStableFunc(d.flights, func(a, b Flight) int { return a.Hour.Compare(b.Hour) })
	return d, err
}

// row returns the field of a column of one row.
type row func(column string) string

// newFlight makes a flight of a row.
func newFlight(r row) (Flight, error) {
	f := Flight{Carrier: r("carrier"), Number: r("flight"), Origin: r("origin"), Dest: r("dest")}
	var err error
	if f.Hour, err = time.Parse(time.RFC3339, r("time_hour")); err != nil {
		return f, err
	}
	if r("dep_time") == "NA" {
		return f, nil
	}
	delay, err := strconv.ParseInt(r("dep_delay"), 10, 64)
	f.Delay = &delay
	return f, err
}

// readTable appends an element for each row of a gzipped CSV file.
func readTable[T any](dir fs.FS, name string, out *[]T, element func(row) (T, error)) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}()
	file, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	table := csv.NewReader(unzipped)
	header, err := table.Read()
	if err != nil {
		return err
	}
	columns := map[string]int{}
	for i, c := range header {
		columns[c] = i
	}
	return readRows(table, columns, out, element)
}

// readRows appends an element for each row that's left of a table.
func readRows[T any](table *csv.Reader, columns map[string]int, out *[]T, element func(row) (T, error)) error {
	for {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var missing error
		e, err := element(func(column string) string {
			i, ok := columns[column]
			if !ok {
				missing = fmt.Errorf("the file has no column %s", column)
				return ""
			}
			return fields[i]
		})
		if err := cmp.Or(missing, err); err != nil {
			line, _ := table.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		*out = append(*out, e)
	}
}
