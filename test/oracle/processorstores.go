package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

type (
	// entries is a store as processors use it. Null deletes.
	entries interface {
		get(key datum) (datum, error)
		put(key, value datum, timestamp int64) error
		all() iter.Seq2[statestore.Entry[datum, datum], error]
	}
	// opener opens a store in a task.
	opener func(c *topology.ProcessingContext) (entries, error)
	// lookup is a table whose rows processors read.
	lookup struct {
		topology.ProcessOption
		open opener
	}
)

// open opens the store of the step when it's used, as the scenarios expect where it
// isn't connected.
func (p *processor) open(at *performer) (entries, error) {
	if p.store == nil {
		return nil, errors.New("the step has no store")
	}
	return p.store(at.ProcessingContext)
}

// declaredStore is a store of addStore. The topology gets it with the first
// processor that is connected to it, since Kafka Streams leaves others out.
type declaredStore struct {
	name    string
	options []topology.StoreOption
	handle  topology.StoreHandle[*statestore.KeyValue[datum, datum]]
	used    bool
}

func addStore(b *builder, s *step) (any, error) {
	_, err := declare(b, s)
	return nil, err
}

// declare notes the store of a step.
func declare(b *builder, s *step) (*declaredStore, error) {
	p, err := newParams(get(s.params, "store", json.RawMessage(`{}`)))
	if err != nil {
		return nil, err
	}
	d := &declaredStore{name: p.text("name")}
	switch kind := p.text("type"); kind {
	case "", "persistent":
	case "inMemory":
		d.options = append(d.options, topology.InMemory())
	default:
		return nil, fmt.Errorf("unknown type of store %q", kind)
	}
	if !get(p, "logging", true) {
		d.options = append(d.options, topology.WithoutLogging())
	}
	if b.declared[d.name] != nil {
		return nil, refused{"there are two stores " + d.name}
	}
	b.declared[d.name] = d
	return d, p.done()
}

// unused returns an error where a store that no processor uses, which the topology
// doesn't get, has the name of another one.
func (b *builder) unused() error {
	for _, st := range b.stores {
		if d := b.declared[st.name]; d != nil && !d.used {
			return refused{"there are two stores " + st.name}
		}
	}
	return nil
}

// connect returns what connects the store of a name. An unknown one is a mistake
// that building the topology tells.
func (b *builder) connect(name string) topology.ProcessOption {
	d, ok := b.declared[name]
	if !ok {
		if t, ok := b.read[name]; ok {
			return t.ProcessOption
		}
		return topology.StoreHandle[*statestore.KeyValue[datum, datum]]{}
	}
	if !d.used {
		d.used = true
		d.handle = b.KeyValueStore(name, serde.Serde[datum](textSerde{}), serde.Serde[datum](textSerde{}), d.options...)
		b.stores = append(b.stores, namedStore{name, plainRows{keyValueRows[datum]{textSerde{}, textSerde{}, same}}})
	}
	return d.handle
}

// opener returns how the store of a name is opened.
func (b *builder) opener(name string) opener {
	return func(c *topology.ProcessingContext) (entries, error) {
		if t, ok := b.read[name]; ok {
			return t.open(c)
		}
		d := b.declared[name]
		if d == nil {
			return nil, fmt.Errorf("no step names the store %q", name)
		}
		kv, err := c.Open(d.handle)
		return plainStore{kv}, err
	}
}

// plainStore is a store of addStore.
type plainStore struct {
	*statestore.KeyValue[datum, datum]
}

func (p plainStore) get(key datum) (datum, error) {
	v, _, _, err := p.Get(key)
	return v, err
}

func (p plainStore) put(key, value datum, timestamp int64) error {
	if value == nil {
		return p.Delete(key, timestamp)
	}
	return p.Put(key, value, timestamp)
}

func (p plainStore) all() iter.Seq2[statestore.Entry[datum, datum], error] { return p.All() }

// lookup implements table.
func (t tableOf[V]) lookup() lookup {
	handle := t.Rows()
	return lookup{handle, func(c *topology.ProcessingContext) (entries, error) {
		r, err := c.Open(handle)
		return rowsOf[V]{r, t.datum}, err
	}}
}

// rowsOf reads the rows of a table as data.
type rowsOf[V any] struct {
	*topology.TableRows[datum, V]
	datum func(V) datum
}

func (r rowsOf[V]) get(key datum) (datum, error) {
	v, _, ok, err := r.Get(key)
	if err != nil || !ok {
		return nil, err
	}
	return r.datum(v), nil
}

func (r rowsOf[V]) put(datum, datum, int64) error {
	return errors.New("the rows of a table can only be read")
}

func (r rowsOf[V]) all() iter.Seq2[statestore.Entry[datum, datum], error] {
	return func(yield func(statestore.Entry[datum, datum], error) bool) {
		for e, err := range r.All() {
			if !yield(statestore.Entry[datum, datum]{Key: e.Key, Value: r.datum(e.Value), Timestamp: e.Timestamp}, err) {
				return
			}
		}
	}
}

// plainRows reads a store without timestamps.
type plainRows struct{ keyValueRows[datum] }

// rows implements rowReader.
func (p plainRows) rows(s *statestore.Store) ([]row, error) {
	rows, err := p.keyValueRows.rows(s)
	return untimedRows(rows), err
}

// query implements rowReader.
func (p plainRows) query(s *statestore.Store, op string, q *params) (any, error) {
	answer, err := p.keyValueRows.query(s, op, q)
	switch answer := answer.(type) {
	case []row:
		return untimedRows(answer), err
	case row:
		return answer[:1], err
	}
	return answer, err
}

func untimedRows(rows []row) []row {
	for i, r := range rows {
		rows[i] = r[:len(r)-1]
	}
	return rows
}

// storeOfStep returns the name of a step's store.
func storeOfStep(s *step) string {
	st, err := storeParam(s)
	if err != nil {
		return ""
	}
	return st.name
}
