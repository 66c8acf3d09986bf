// Package serde turns typed keys and values into bytes and back.
//
// The serdes of this package write the bytes that the serializers of Kafka's
// Java client write for the same types, so that both can read each other's
// topics. All of them are safe for use by several goroutines at once.
package serde
