package statestore

import "unsafe"

// unsafeString views b as a string. It's for lookups that don't keep the string,
// and for memory that isn't written again while the string lives.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unsafeBytes views s as bytes, which must not be written. It never returns nil:
// an empty key isn't Kafka's null.
func unsafeBytes(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
