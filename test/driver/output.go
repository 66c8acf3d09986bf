package driver

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// Output reads the records of a topic, all partitions in the order of sending.
// Each handle has a position of its own.
type Output[K, V any] struct {
	codec[K, V]
	d    *Driver
	t    *topic
	read int
}

// Output returns a handle for reading a topic from its beginning, by its real
// name. Internal topics can be read as well: a changelog is called
// <application id>-<store>-changelog.
func (d *Driver) Output[K, V any](topic string, k serde.Serde[K], v serde.Serde[V]) *Output[K, V] {
	d.tb.Helper()
	o := &Output[K, V]{codec: codec[K, V]{k, v}, d: d}
	if d.err != nil {
		return o
	}
	if k == nil || v == nil {
		d.fail(fmt.Errorf("output %q: a serde is nil", topic))
		return o
	}
	o.t = d.topic(topic)
	return o
}

// Read returns the next committed record; false where there's none.
func (o *Output[K, V]) Read() (Record[K, V], bool) {
	o.d.tb.Helper()
	if o.d.err != nil || o.t == nil || o.read >= len(o.t.order) {
		return Record[K, V]{}, false
	}
	r, ok := o.typed(o.t.order[o.read])
	o.read++
	return r, ok
}

// ReadAll returns the committed records that weren't read yet.
func (o *Output[K, V]) ReadAll() []Record[K, V] {
	o.d.tb.Helper()
	var all []Record[K, V]
	for r, ok := o.Read(); ok; r, ok = o.Read() {
		all = append(all, r)
	}
	return all
}

// Uncommitted returns the records of the open transaction. Read returns them
// after the commit.
func (o *Output[K, V]) Uncommitted() []Record[K, V] {
	o.d.tb.Helper()
	var all []Record[K, V]
	if o.d.err != nil {
		return nil
	}
	for _, s := range o.d.open {
		if s.topic != o.t {
			continue
		}
		if r, ok := o.typed(s.record); ok {
			all = append(all, r)
		}
	}
	return all
}

func (o *Output[K, V]) typed(r record.Record) (Record[K, V], bool) {
	o.d.tb.Helper()
	typed, err := o.decode(r)
	o.d.fail(err)
	return typed, err == nil
}
