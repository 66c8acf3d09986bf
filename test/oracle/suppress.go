package main

import (
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// suppression is what a step says of a suppression but its table.
type suppression struct {
	topology.Suppression
	store   string
	options []topology.StoreOption
	named   []topology.Option
}

// suppressWindows applies the suppression to a windowed table.
func suppressWindows[V any](s suppression, t windowedTableOf[V], v serde.Serde[V]) any {
	t.WindowedTable = t.Suppress(s.Suppression, topology.StoreAs(s.store, v, s.options...), s.named...)
	return t
}

// suppress has the store that Kafka Streams derives from the step's name, or the
// step's id.
func suppress(b *builder, s *step) (any, error) {
	full := get(s.params, "whenFull", "emitEarly")
	if bounded := s.has("maxRecords") || s.has("maxBytes") || s.has("whenFull"); s.text("until") == "windowCloses" && bounded && full != "shutDown" {
		return nil, refused{s.id + ": a result that's final can't be sent early"}
	}
	sp := suppression{Suppression: topology.UntilWindowCloses(bounds(s)...), store: s.id, named: s.options()}
	if s.text("until") == "timeLimit" {
		sp.Suppression = topology.UntilTimeLimit(ms(get(s.params, "ms", int64(0))), bounds(s)...)
	}
	if s.has("name") {
		sp.store = s.text("name") + "-store"
	}
	if !get(s.params, "logging", true) {
		sp.options = append(sp.options, topology.WithoutLogging())
	}
	switch t := b.results[s.text("from")].(type) {
	case windowedTableOf[int64]:
		return suppressWindows(sp, t, serde.Serde[int64](serde.Int64)), nil
	case windowedTableOf[datum]:
		return suppressWindows(sp, t, t.value), nil
	}
	t, err := from[table](b, s, "from")
	if err != nil {
		return nil, err
	}
	r := t.rows()
	v := t.serde()
	return newTable(r.Suppress(sp.Suppression, topology.StoreAs(sp.store, v, sp.options...), sp.named...), r.key, v), nil
}

func bounds(s *step) []topology.BufferOption {
	var options []topology.BufferOption
	if s.has("maxRecords") {
		options = append(options, topology.MaxRecords(get(s.params, "maxRecords", int64(0))))
	}
	if s.has("maxBytes") {
		options = append(options, topology.MaxBytes(get(s.params, "maxBytes", int64(0))))
	}
	if s.text("whenFull") == "shutDown" {
		options = append(options, topology.ShutDownWhenFull())
	}
	return options
}
