package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/serde"
)

// scratchSize is what a sink's buffers start with. They grow with the records.
const scratchSize = 128

// scratch is a buffer that values are serialized into, one after another.
type scratch[T any] struct {
	serde serde.Serde[T]
	buf   []byte
}

func newScratch[T any](s serde.Serde[T]) *scratch[T] {
	return &scratch[T]{serde: s, buf: make([]byte, 0, scratchSize)}
}

// NewKeys returns a function that serializes keys. What it returns is valid until it's
// called again.
func NewKeys[K any](k serde.Serde[K]) func(K) ([]byte, error) {
	keys := newScratch(k)
	return func(key K) ([]byte, error) { return keys.bytes(key, false) }
}

// recovering is bytes with a serde's panic as an error.
func (s *scratch[T]) recovering(v T, null bool) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = plan.Recovered(p)
		}
	}()
	return s.bytes(v, null)
}

// bytes returns the encoding of v, valid until the next call, and nil for a null
// alone: an encoding without bytes is an empty slice.
func (s *scratch[T]) bytes(v T, null bool) ([]byte, error) {
	if null {
		return nil, nil
	}
	b, err := s.serde.Append(s.buf[:0], v)
	if err != nil {
		return nil, &plan.UserError{Err: err}
	}
	if b != nil {
		s.buf = b
	}
	return s.buf[:len(b)], nil
}
