package statestore

import "time"

// Kind is what a store holds and how its changelog is laid out.
type Kind uint8

// The kinds. Their changelog records are the bytes that Kafka Streams writes
// for its stores of the same kind.
const (
	// TimestampedKeyValue is a map from a key to a value and its timestamp.
	TimestampedKeyValue Kind = iota + 1
	// TimestampedWindow is a map from a key and a window's start to a value and its
	// timestamp.
	TimestampedWindow
)

// Spec describes a state store of a topology.
type Spec struct {
	// Name is the store's name, unique within the topology. The changelog topic is
	// <application id>-<name>-changelog.
	Name string
	Kind Kind
	// InMemory keeps the store in memory: after a restart it's restored from its
	// changelog as a whole.
	InMemory bool
	// LoggingDisabled leaves out the changelog. The state is lost when its task
	// moves to another process.
	LoggingDisabled bool
	// TopicConfig overrides configs of the changelog topic.
	TopicConfig map[string]string
	// WindowSize is the length of the windows of a window store.
	WindowSize time.Duration
	// Retention is how long a window store keeps a window after stream time has
	// passed its start.
	Retention time.Duration
}
