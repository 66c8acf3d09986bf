package main

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// storeName is the parameter store of a step.
type storeName struct {
	name  string
	named bool
	// versioned says that the store keeps the history of its rows.
	versioned bool
	options   []topology.StoreOption
}

// storeParam reads a store's name, or the object of its settings. Without any,
// the store has the step's id, and is there if it's needed.
func storeParam(s *step) (storeName, error) {
	raw := get(s.params, "store", json.RawMessage(nil))
	if raw == nil {
		return storeName{name: s.id, options: []topology.StoreOption{topology.IfNeeded()}}, nil
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return storeName{name: name, named: true}, nil
	}
	p, err := newParams(raw)
	if err != nil {
		return storeName{}, err
	}
	st := storeName{name: p.text("name"), named: p.has("name")}
	if !st.named {
		st.name = s.id
		if !strings.HasSuffix(strings.ToLower(s.op), "join") || strings.HasPrefix(s.op, "fk") {
			st.options = append(st.options, topology.IfNeeded()) // joins by key keep it in any case
		}
	}
	switch kind := p.text("type"); kind {
	case "", "persistent":
	case "inMemory":
		st.options = append(st.options, topology.InMemory())
	case "versioned":
		st.versioned = true
		st.options = append(st.options, topology.Versioned(ms(get(p, "historyMs", int64(0)))))
	default:
		return st, missing("%s with a %s store", s.op, kind)
	}
	if p.has("segmentMs") {
		st.options = append(st.options, topology.WithSegments(ms(get(p, "segmentMs", int64(0)))))
	}
	if p.has("retentionMs") {
		st.options = append(st.options, topology.WithRetention(ms(get(p, "retentionMs", int64(0)))))
	}
	if logging := get(p, "logging", json.RawMessage(nil)); string(logging) == "false" {
		st.options = append(st.options, topology.WithoutLogging())
	} else if logging != nil && string(logging) != "true" {
		config := map[string]string{}
		if err := strict(logging, &config); err != nil {
			return st, err
		}
		st.options = append(st.options, topology.TopicConfig(config))
	}
	if !get(p, "caching", true) {
		st.options = append(st.options, topology.WithoutCaching())
	}
	return st, p.done()
}

// storeAs describes the step's store of data.
func storeAs(b *builder, s *step, k, v serde.Serde[datum]) (topology.Stored[datum], error) {
	return storeOf(b, s, k, v, same)
}

// storeOf describes the step's key-value store.
func storeOf[V any](b *builder, s *step, k serde.Serde[datum], v serde.Serde[V], f func(V) datum) (topology.Stored[V], error) {
	st, err := storeParam(s)
	switch {
	case st.named && st.versioned:
		b.stores = append(b.stores, namedStore{st.name, versionedRows[V]{k, v, f}})
	case st.named:
		b.stores = append(b.stores, namedStore{st.name, keyValueRows[V]{k, v, f}})
	}
	return topology.StoreAs(st.name, v, st.options...), err
}

// windowStoreAs describes the step's window or session store.
func windowStoreAs[V any](b *builder, s *step, w spans, v serde.Serde[V], f func(V) datum) (topology.Stored[V], error) {
	st, err := storeParam(s)
	switch {
	case st.named && w.session:
		b.stores = append(b.stores, namedStore{st.name, sessionRows[V]{w.key, v, f}})
	case st.named:
		b.stores = append(b.stores, namedStore{st.name, windowRows[V]{w, v, f}})
	}
	return topology.StoreAs(st.name, v, st.options...), err
}

// rowReader reads the rows of a store and answers questions to it.
type rowReader interface {
	// rows returns all rows, in the order of a result.
	rows(s *statestore.Store) ([]row, error)
	// query answers one question.
	query(s *statestore.Store, op string, q *params) (any, error)
}

// row is a row as results show it.
type row []any

func show(d datum) any {
	if d == nil {
		return nil
	}
	return d.print()
}

// keyValueRows reads a key-value store.
type keyValueRows[V any] struct {
	key   serde.Serde[datum]
	value serde.Serde[V]
	datum func(V) datum
}

// rows implements rowReader. Keys with windows aren't in the order of their bytes, in
// which sessions have their ends first.
func (kv keyValueRows[V]) rows(s *statestore.Store) ([]row, error) {
	entries, err := kv.between(s, nil, nil)
	slices.SortStableFunc(entries, func(a, b statestore.Entry[datum, V]) int {
		v, ok := a.Key.(span)
		w, both := b.Key.(span)
		if !ok || !both {
			return 0
		}
		return v.compare(w)
	})
	return kv.print(entries), err
}

// between returns the rows with keys from one to another, in the order of their bytes.
func (kv keyValueRows[V]) between(s *statestore.Store, from, to *datum) (all []statestore.Entry[datum, V], err error) {
	view, err := statestore.NewKeyValue(s, kv.key, kv.value)
	if err != nil {
		return nil, err
	}
	for e, err := range view.Range(from, to) {
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

func (kv keyValueRows[V]) print(entries []statestore.Entry[datum, V]) []row {
	rows := []row{}
	for _, e := range entries {
		rows = append(rows, row{e.Key.print(), show(kv.datum(e.Value)), e.Timestamp})
	}
	return rows
}

// collect makes rows of the entries.
func collect[E any](entries iter.Seq2[E, error], f func(E) row) ([]row, error) {
	all := []row{}
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		all = append(all, f(e))
	}
	return all, nil
}

// query implements rowReader.
func (kv keyValueRows[V]) query(s *statestore.Store, op string, q *params) (any, error) {
	from, to := bound(q, "from"), bound(q, "to")
	switch op {
	case "get":
		if q.has("asOf") {
			return nil, missing("query get with asOf")
		}
		from = bound(q, "key")
		to = from
	case "all", "range", "reverseAll", "reverseRange":
	case "prefix":
		from = bound(q, "prefix")
	default:
		return nil, missing("query %s of a key-value store", op)
	}
	entries, err := kv.between(s, from, to)
	rows := kv.print(entries)
	switch op {
	case "get":
		return alone(rows, 1), err
	case "reverseAll", "reverseRange":
		slices.Reverse(rows)
	case "prefix":
		rows = slices.DeleteFunc(rows, func(r row) bool { return !strings.HasPrefix(r[0].(string), q.text("prefix")) })
	}
	return rows, err
}

func bound(q *params, key string) *datum {
	if !q.has(key) {
		return nil
	}
	d := datum(text(q.text(key)))
	return &d
}

// alone returns the only row without its first columns, or nil.
func alone(rows []row, without int) any {
	if len(rows) == 0 {
		return nil
	}
	return rows[0][without:]
}

// windowRows reads a window store.
type windowRows[V any] struct {
	spans
	value serde.Serde[V]
	datum func(V) datum
}

// window is an entry of a window store.
type window struct {
	span
	value     datum
	timestamp int64
}

// rows implements rowReader.
func (w windowRows[V]) rows(s *statestore.Store) ([]row, error) {
	return printWindows(w.fetchAll(s, 0, math.MaxInt64))
}

func (w windowRows[V]) fetchAll(s *statestore.Store, from, to int64) ([]window, error) {
	view, err := statestore.NewWindow(s, w.key, w.value)
	if err != nil {
		return nil, err
	}
	all, err := w.windows(view.FetchAll(from, to))
	slices.SortFunc(all, func(a, b window) int {
		return a.compare(b.span)
	})
	return all, err
}

// fetch returns the windows of a key.
func (w windowRows[V]) fetch(s *statestore.Store, key datum, from, to int64) ([]window, error) {
	view, err := statestore.NewWindow(s, w.key, w.value)
	if err != nil {
		return nil, err
	}
	return w.windows(view.Fetch(key, from, to))
}

func (w windowRows[V]) windows(entries iter.Seq2[statestore.WindowEntry[datum, V], error]) ([]window, error) {
	var all []window
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		all = append(all, window{w.from(e.Key, e.Start), w.datum(e.Value), e.Timestamp})
	}
	return all, nil
}

func printWindows(windows []window, err error) ([]row, error) {
	rows := []row{}
	for _, w := range windows {
		rows = append(rows, row{w.print(), show(w.value), w.timestamp})
	}
	return rows, err
}

// query implements rowReader.
func (w windowRows[V]) query(s *statestore.Store, op string, q *params) (any, error) {
	key, from, to := datum(text(q.text("key"))), get(q, "from", int64(0)), get(q, "to", int64(math.MaxInt64))
	switch op {
	case "fetch", "backwardFetch":
		found, err := w.fetch(s, key, from, to)
		rows := []row{}
		for _, f := range found {
			rows = append(rows, row{f.key.print(), f.start, show(f.value), f.timestamp})
		}
		if op == "backwardFetch" {
			slices.Reverse(rows)
		}
		return rows, err
	case "fetchOne":
		start := get(q, "start", int64(0))
		rows, err := printWindows(w.fetch(s, key, start, start))
		return alone(rows, 1), err
	case "fetchAll":
		return printWindows(w.fetchAll(s, from, to))
	case "fetchKeys":
		lower, upper := []byte(q.text("keyFrom")), []byte(q.text("keyTo"))
		all, err := w.fetchAll(s, from, to)
		return printWindows(slices.DeleteFunc(all, func(f window) bool {
			k := f.key.append(nil)
			return bytes.Compare(k, lower) < 0 || bytes.Compare(k, upper) > 0
		}), err)
	case "all":
		return w.rows(s)
	}
	return nil, missing("query %s of a window store", op)
}
