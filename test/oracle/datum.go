package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/oncestream/oncestream/topology/serde"
)

// datum is a key or a value of a scenario, whose types are only known when it's
// read. As an interface it has a nil, which is null.
type datum interface {
	// print returns the form that functions see.
	print() string
	// append appends the bytes.
	append(dst []byte) []byte
}

type (
	text   string
	number int64
	// span is a windowed key.
	span struct {
		key        datum
		start, end int64
		session    bool
	}
	// keyed is a value together with its key, for joiners that see the key. It's
	// never written.
	keyed struct{ key, value datum }
	// joined is the values of both sides of a join with a table, for a joiner that sees
	// the key. It's never written.
	joined struct{ left, right datum }
)

func (t text) print() string { return string(t) }

func (t text) append(dst []byte) []byte { return append(dst, t...) }

func (n number) print() string { return strconv.FormatInt(int64(n), 10) }

func (n number) append(dst []byte) []byte { return binary.BigEndian.AppendUint64(dst, uint64(n)) }

// print has a windowed key within another one in brackets, as Java prints it.
func (s span) print() string {
	key := s.key.print()
	if _, ok := s.key.(span); ok {
		key = "[" + key + "]"
	}
	return fmt.Sprintf("%s@%d/%d", key, s.start, s.end)
}

// append writes a time window by its start, a session by its end and start.
func (s span) append(dst []byte) []byte {
	dst = s.key.append(dst)
	if s.session {
		dst = binary.BigEndian.AppendUint64(dst, uint64(s.end))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(s.start))
}

// compare orders windows by key, start and end.
func (s span) compare(o span) int {
	return cmp.Or(bytes.Compare(s.key.append(nil), o.key.append(nil)), cmp.Compare(s.start, o.start), cmp.Compare(s.end, o.end))
}

func (k keyed) print() string { return k.value.print() }

func (k keyed) append(dst []byte) []byte { return k.value.append(dst) }

func (j joined) print() string { return j.left.print() }

func (j joined) append(dst []byte) []byte { return j.left.append(dst) }

// printed returns what a function sees: nil is null.
func printed(d datum) *string {
	if d == nil {
		return nil
	}
	s := d.print()
	return &s
}

// made returns what a function has made.
func made(s *string) datum {
	if s == nil {
		return nil
	}
	return text(*s)
}

// orNull prints a null as null.
func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// textSerde reads texts. It writes any datum.
type textSerde struct{}

// Append implements serde.Serde.
func (textSerde) Append(dst []byte, d datum) ([]byte, error) { return d.append(dst), nil }

// Decode implements serde.Serde.
func (textSerde) Decode(b []byte) (datum, error) { return text(b), nil }

// numberSerde reads numbers of 8 bytes.
type numberSerde struct{}

// Append implements serde.Serde.
func (numberSerde) Append(dst []byte, d datum) ([]byte, error) { return d.append(dst), nil }

// Decode implements serde.Serde.
func (numberSerde) Decode(b []byte) (datum, error) {
	n, err := serde.Int64.Decode(b)
	return number(n), err
}

// spanSerde reads keys of windows.
type spanSerde struct{ spans }

// Append implements serde.Serde.
func (spanSerde) Append(dst []byte, d datum) ([]byte, error) { return d.append(dst), nil }

// Decode implements serde.Serde.
func (s spanSerde) Decode(b []byte) (datum, error) {
	n := len(b) - 8
	if s.session {
		n -= 8
	}
	if n < 0 {
		return nil, fmt.Errorf("a windowed key has %d bytes more than the key, got %d in all", len(b)-n, len(b))
	}
	start := int64(binary.BigEndian.Uint64(b[len(b)-8:]))
	if s.session {
		return span{key: text(b[:n]), start: start, end: int64(binary.BigEndian.Uint64(b[n:])), session: true}, nil
	}
	return s.from(text(b[:n]), start), nil
}

// valueSerde returns the serde that a source's parameter names.
func valueSerde(kind string) (serde.Serde[datum], error) {
	switch kind {
	case "", "string":
		return textSerde{}, nil
	case "long":
		return numberSerde{}, nil
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}
