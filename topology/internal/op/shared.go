package op

import "reflect"

// sharesMemory returns whether copies of a T may refer to the same memory, so
// that a change of one is seen in the other. It looks at T once, while a task is
// built.
func sharesMemory[T any]() bool { return shares(reflect.TypeFor[T]()) }

func shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return t.Len() > 0 && shares(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if shares(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
