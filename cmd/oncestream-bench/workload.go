package main

import (
	"strconv"
	"time"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// workload is one of the topologies to run.
type workload struct {
	// table says that the workload reads -input2 as a table.
	table bool
	// add puts the topology into the builder.
	add func(b *topology.Builder, f *runFlags)
}

// workloads are the values of -workload.
func workloads() map[string]workload {
	return map[string]workload{
		"map":       {add: addMap},
		"count":     {add: addCount},
		"window":    {add: addWindow},
		"rekey":     {add: addRekey},
		"tablejoin": {add: addTableJoin, table: true},
	}
}

// build returns the topology of the workload that the flags name.
func build(f *runFlags) (*topology.Topology, error) {
	b := topology.NewBuilder()
	workloads()[f.workload].add(b, f)
	return b.Build()
}

func addMap(b *topology.Builder, f *runFlags) {
	b.Stream(f.input, serde.String, serde.Bytes).
		Filter(func(_ string, v []byte) bool { return len(v) > 0 }).
		To(f.output, serde.String, serde.Bytes)
}

func addCount(b *topology.Builder, f *runFlags) {
	b.Stream(f.input, serde.String, serde.Bytes).
		GroupByKey(serde.String, serde.Bytes).
		Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().
		To(f.output, serde.String, serde.Int64)
}

func addWindow(b *topology.Builder, f *runFlags) {
	b.Stream(f.input, serde.String, serde.Bytes).
		GroupByKey(serde.String, serde.Bytes).
		WindowedBy(topology.Tumbling(time.Minute).Grace(10*time.Second)).
		Count(topology.StoreAs("wcounts", serde.Int64)).
		ToStream(atStart).
		To(f.output, serde.String, serde.Int64)
}

// atStart prints a window's key as key@start, with the start in milliseconds.
func atStart(w topology.Windowed[string]) string {
	return w.Key + "@" + strconv.FormatInt(w.Start, 10)
}

func addRekey(b *topology.Builder, f *runFlags) {
	b.Stream(f.input, serde.String, serde.Bytes).
		GroupBy("rekey", func(k string, _ []byte) string { return suffix(k) }, serde.String, serde.Bytes).
		Count(topology.StoreAs("rcounts", serde.Int64)).
		ToStream().
		To(f.output, serde.String, serde.Int64)
}

// suffix returns the last 3 bytes of a key, or all of a shorter one.
func suffix(key string) string { return key[max(0, len(key)-3):] }

func addTableJoin(b *topology.Builder, f *runFlags) {
	table := b.Table(f.input2, serde.String, topology.StoreAs("table", serde.Bytes))
	b.Stream(f.input, serde.String, serde.Bytes).
		JoinTable(table, joinValues).
		To(f.output, serde.String, serde.Bytes)
}

// joinValues returns the stream's and the table's value with a bar between them.
func joinValues(stream, table []byte) []byte {
	out := make([]byte, 0, len(stream)+1+len(table))
	out = append(out, stream...)
	out = append(out, '|')
	return append(out, table...)
}
