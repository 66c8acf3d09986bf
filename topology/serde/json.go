package serde

import "encoding/json"

// JSON returns a serde that writes values of T with encoding/json. An unknown
// field is ignored when reading, a wrong type is an error. The JSON text null
// becomes T's zero value, which is a null for pointers, slices, maps and
// interfaces.
func JSON[T any]() Serde[T] { return jsonSerde[T]{} }

type jsonSerde[T any] struct{}

// Append appends v's JSON text.
func (jsonSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(dst, text...), err
}

// Decode reads one JSON text.
func (jsonSerde[T]) Decode(b []byte) (v T, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}
