package statestore

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what a store holds and how its changelog is laid out.
type Kind uint8

// The kinds. Their changelog records are the bytes that Kafka Streams writes
// for its stores of the same kind. The numbers are persisted: they never change.
const (
	// TimestampedKeyValue is a map from a key to a value and its timestamp.
	TimestampedKeyValue Kind = iota + 1
	// TimestampedWindow is a map from a key and a window's start to a value and its
	// timestamp.
	TimestampedWindow
	// PlainKeyValue is a map from a key to a value.
	PlainKeyValue
	// SessionWindow is a map from a key and a session's start and end to a value.
	SessionWindow
	// DuplicateWindow is a list of values for each key and time: the buffer of a
	// join of two streams.
	DuplicateWindow
	// VersionedKeyValue is a map from a key to the values it has had, each valid from its
	// timestamp to that of the next (KIP-889).
	VersionedKeyValue
)

// String names the kind as error messages show it.
func (k Kind) String() string {
	switch k {
	case TimestampedKeyValue:
		return "key-value store"
	case TimestampedWindow:
		return "window store"
	case PlainKeyValue:
		return "plain key-value store"
	case SessionWindow:
		return "session store"
	case DuplicateWindow:
		return "window store with duplicates"
	case VersionedKeyValue:
		return "versioned store"
	}
	return fmt.Sprintf("unknown kind %d", uint8(k))
}

// segmented tells whether the kind's entries expire with time, a segment at once.
func (k Kind) segmented() bool { return k != TimestampedKeyValue && k != PlainKeyValue }

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
	// ValueFormat is written as a header "v" of one byte to each record of the
	// changelog that has a value, unless it's 0. Kafka Streams marks the records of
	// suppress buffers so.
	ValueFormat byte
	// TopicConfig overrides configs of the changelog topic.
	TopicConfig map[string]string
	// WindowSize is the length of the windows of a window store without duplicates.
	// The other kinds don't know it.
	WindowSize time.Duration
	// Retention is how long a store keeps what expires with time. In a window store
	// a window is gone whose start lies Retention or more before the latest start;
	// it's at least WindowSize. In a session store it's the ends that count. A
	// versioned store answers for times up to Retention before the latest
	// timestamp, and takes no older values; the latest value of a key is never gone.
	Retention time.Duration
	// SegmentInterval is the length of the segments that expire at once, of a store
	// whose entries do; 0 is half the retention, at least a minute, and a smaller part
	// of it for versioned stores. It's that of the store's first use: a change has no
	// effect on what's on disk.
	SegmentInterval time.Duration
}

// Validate reports all that's wrong with the specification, joined.
func (s Spec) Validate() error {
	var errs []error
	if s.Name == "" {
		errs = append(errs, errors.New("a state store needs a name"))
	}
	switch s.Kind {
	case TimestampedKeyValue, PlainKeyValue:
	case TimestampedWindow:
		errs = append(errs, s.validateWindow())
	case SessionWindow, DuplicateWindow:
		errs = append(errs, s.validateRetention(time.Millisecond))
	case VersionedKeyValue:
		errs = append(errs, s.validateRetention(0))
	default:
		errs = append(errs, fmt.Errorf("store %q: %v", s.Name, s.Kind))
	}
	return errors.Join(errs...)
}

// validateWindow works in whole milliseconds, the unit of Kafka's timestamps.
func (s Spec) validateWindow() error {
	if s.WindowSize < time.Millisecond {
		return fmt.Errorf("store %q: window size %v is under 1ms", s.Name, s.WindowSize)
	}
	if s.Retention < s.WindowSize {
		return fmt.Errorf("store %q: retention %v is under the window size %v", s.Name, s.Retention, s.WindowSize)
	}
	return nil
}

func (s Spec) validateRetention(least time.Duration) error {
	if s.Retention < least {
		return fmt.Errorf("store %q: retention %v is under %v", s.Name, s.Retention, least)
	}
	return nil
}

// minSegmentInterval keeps the number of range deletes and of segments low for
// short retentions. Kafka Streams has the same lower limit.
const minSegmentInterval = time.Minute

// segmentInterval returns the length of a segment: all entries whose time lies
// within one segment expire by one range delete.
func (s Spec) segmentInterval() time.Duration {
	switch {
	case s.SegmentInterval > 0:
		return max(s.SegmentInterval, time.Millisecond)
	case s.Kind == VersionedKeyValue:
		return versionedSegment(s.Retention)
	}
	return max(s.Retention/2, minSegmentInterval)
}

// versionedSegment returns what Kafka Streams takes for a history, as it's seen:
// History shows what segments still have.
func versionedSegment(history time.Duration) time.Duration {
	switch {
	case history <= time.Minute:
		return max((history / 3).Truncate(time.Millisecond), 2*time.Second)
	case history <= 5*time.Minute:
		return max((history / 5).Truncate(time.Millisecond), 20*time.Second)
	case history <= time.Hour:
		return max((history / 12).Truncate(time.Millisecond), time.Minute)
	}
	return max((history / 24).Truncate(time.Millisecond), 5*time.Minute)
}
