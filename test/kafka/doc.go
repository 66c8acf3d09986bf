// Package kafkatest gives tests a real Apache Kafka and the helpers to fill it,
// to read it back and to look into it, all with a client library that the
// project itself is not built on.
//
// Shared is for most tests: one broker for the test process, or the one that
// KAFKA_BOOTSTRAP names. Start is for tests that kill their broker. With -short,
// or ONCESTREAM_FAST=1 in the environment, tests that ask for a broker are
// skipped and say so.
package kafkatest
