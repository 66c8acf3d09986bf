package main

import (
	"iter"
	"math"
	"slices"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// sessionRows reads a session store.
type sessionRows[V any] struct {
	key   serde.Serde[datum]
	value serde.Serde[V]
	datum func(V) datum
}

// rows implements rowReader.
func (r sessionRows[V]) rows(s *statestore.Store) ([]row, error) {
	view, err := statestore.NewSession(s, r.key, r.value)
	if err != nil {
		return nil, err
	}
	all, err := r.sessions(view.All())
	slices.SortFunc(all, func(a, b window) int {
		return a.compare(b.span)
	})
	return printSessions(all), err
}

func (r sessionRows[V]) sessions(entries iter.Seq2[statestore.SessionEntry[datum, V], error]) ([]window, error) {
	var all []window
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		all = append(all, window{span: span{key: e.Key, start: e.Start, end: e.End, session: true}, value: r.datum(e.Value)})
	}
	return all, nil
}

// printSessions makes rows, which have no timestamps.
func printSessions(sessions []window) []row {
	rows := []row{}
	for _, s := range sessions {
		rows = append(rows, row{s.print(), show(s.value)})
	}
	return rows
}

// query implements rowReader.
func (r sessionRows[V]) query(s *statestore.Store, op string, q *params) (any, error) {
	view, err := statestore.NewSession(s, r.key, r.value)
	if err != nil {
		return nil, err
	}
	key := datum(text(q.text("key")))
	switch op {
	case "sessions":
		found, err := r.sessions(view.Fetch(key))
		return printSessions(found), err
	case "findSessions":
		found, err := r.sessions(view.FindSessions(key, get(q, "from", int64(0)), get(q, "to", int64(math.MaxInt64))))
		return printSessions(found), err
	case "session":
		v, ok, err := view.Get(key, get(q, "start", int64(0)), get(q, "end", int64(0)))
		if !ok {
			return nil, err
		}
		return row{show(r.datum(v))}, err
	}
	return nil, missing("query %s of a session store", op)
}
