package op

import (
	"reflect"
	"unsafe"
)

// nulls tells nulls among the values of T.
type nulls[T any] struct {
	// nilable is true for the kinds that have a nil, and so express null.
	nilable bool
}

// nullsOf looks at T once, so that the check of each record is a comparison.
func nullsOf[T any]() nulls[T] {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan:
		return nulls[T]{nilable: true}
	}
	return nulls[T]{}
}

// is returns whether v is nil. All nilable kinds have in common that their first
// word is zero just for nil: it's the address of what they refer to, or an
// interface's type. A conversion to any would allocate for slices.
func (n nulls[T]) is(v T) bool {
	return n.nilable && *(*unsafe.Pointer)(unsafe.Pointer(&v)) == nil
}

// or returns whether the result v of a function is null where the function got
// a null (was) and T may have no nil to answer with.
func (n nulls[T]) or(v T, was bool) bool {
	if n.nilable {
		return n.is(v)
	}
	return was
}
