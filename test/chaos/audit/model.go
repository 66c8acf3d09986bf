package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Model is what one workload must do. The methods are called with whole topics,
// each partition in order: Table and Input first, then Output and Changelog,
// then Report.
type Model interface {
	// Table takes a record of the table's topic.
	Table(r Record) error
	// Input takes a record of the input topic. An error means that the input
	// isn't one by which the workload can be judged.
	Input(r Record) error
	// Output takes a record of the output topic.
	Output(r Record)
	// Changelog takes a record of the store's changelog.
	Changelog(r Record)
	// Report returns what's wrong.
	Report() *Report
}

// Workload says which topics a workload has, and how to judge it.
type Workload struct {
	// Table is set where the workload reads a table beside its input.
	Table bool
	// Store is the name of its state store, empty where it has none.
	Store string
	// Repartition is the name of its repartition topic without the application id
	// in front, empty where it has none.
	Repartition string
	// New returns an empty model.
	New func() Model
}

// Workloads are the workloads by name.
func Workloads() map[string]Workload {
	return map[string]Workload{
		"map":       {New: newMapping},
		"count":     {New: newCount, Store: "counts"},
		"window":    {New: newWindow, Store: "wcounts"},
		"rekey":     {New: newRekey, Store: "rcounts", Repartition: "rekey-repartition"},
		"tablejoin": {New: newJoin, Store: "table", Table: true},
	}
}

// Lookup returns the workload of that name.
func Lookup(name string) (Workload, error) {
	all := Workloads()
	w, ok := all[name]
	if !ok {
		return w, fmt.Errorf("no workload %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	return w, nil
}

// noTable is the Table method of models without a table.
type noTable struct{}

func (noTable) Table(r Record) error {
	return fmt.Errorf("%s: the workload has no table", r.At())
}
