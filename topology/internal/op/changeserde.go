package op

import (
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// ChangeSerde writes the changes of a grouped table's rows with the serde of the
// values, in the bytes of Kafka Streams.
type ChangeSerde[V any] struct{ Value serde.Serde[V] }

// Append appends a change, which must have at least one of its values.
func (s ChangeSerde[V]) Append(dst []byte, c Change[V]) (b []byte, err error) {
	start := len(dst)
	if c.HasNew {
		if dst, err = s.Value.Append(dst, c.New); err != nil {
			return nil, err
		}
	}
	if c.HasNew && c.HasOld {
		dst = wire.PrefixLength(dst, start)
	}
	if c.HasOld {
		if dst, err = s.Value.Append(dst, c.Old); err != nil {
			return nil, err
		}
	}
	return wire.AppendChangeFlag(dst, c.HasNew, c.HasOld)
}

// Decode reads a change.
func (s ChangeSerde[V]) Decode(b []byte) (c Change[V], err error) {
	w, err := wire.SplitChange(b)
	if err != nil {
		return c, err
	}
	if c.HasNew = w.New != nil; c.HasNew {
		if c.New, err = s.Value.Decode(w.New); err != nil {
			return Change[V]{}, err
		}
	}
	if c.HasOld = w.Old != nil; c.HasOld {
		if c.Old, err = s.Value.Decode(w.Old); err != nil {
			return Change[V]{}, err
		}
	}
	return c, nil
}
