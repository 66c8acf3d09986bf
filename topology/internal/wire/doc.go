// Package wire is the bytes of what a topology sends to itself through internal
// topics: the changes of grouped tables' rows, and the subscriptions and answers
// of foreign-key joins. They are those of Kafka Streams.
package wire
