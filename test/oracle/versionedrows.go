package main

import (
	"math"
	"slices"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// versionedRows reads a versioned store.
type versionedRows[V any] struct {
	key   serde.Serde[datum]
	value serde.Serde[V]
	datum func(V) datum
}

// rows implements rowReader.
func (r versionedRows[V]) rows(s *statestore.Store) ([]row, error) {
	view, err := statestore.NewVersioned(s, r.key, r.value)
	if err != nil {
		return nil, err
	}
	return collect(view.All(), func(e statestore.Entry[datum, V]) row {
		return row{e.Key.print(), show(r.datum(e.Value)), e.Timestamp}
	})
}

// query implements rowReader.
func (r versionedRows[V]) query(s *statestore.Store, op string, q *params) (any, error) {
	view, err := statestore.NewVersioned(s, r.key, r.value)
	if err != nil {
		return nil, err
	}
	key := datum(text(q.text("key")))
	switch op {
	case "get":
		v, ok, err := r.get(view, key, q)
		if !ok {
			return nil, err
		}
		return r.print(v)[:2], err // no one says how long it was valid
	case "history":
		rows, err := collect(view.History(key, get(q, "from", int64(0)), get(q, "to", int64(math.MaxInt64))), r.print)
		if get(q, "descending", false) {
			slices.Reverse(rows)
		}
		return rows, err
	}
	return nil, missing("query %s of a versioned store", op)
}

func (r versionedRows[V]) get(view *statestore.Versioned[datum, V], key datum, q *params) (statestore.Version[V], bool, error) {
	if q.has("asOf") {
		return view.GetAsOf(key, get(q, "asOf", int64(0)))
	}
	return view.Get(key)
}

// print shows a version with its end, where a later one is known.
func (r versionedRows[V]) print(v statestore.Version[V]) row {
	shown := row{show(r.datum(v.Value)), v.ValidFrom}
	if v.ValidTo != statestore.EndOfTime {
		shown = append(shown, v.ValidTo)
	}
	return shown
}
