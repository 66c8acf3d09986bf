package topology

import (
	"errors"
	"time"

	"github.com/oncestream/oncestream/topology/internal/op"
)

// Suppression says when a suppressed table passes changes on. It's made by
// [UntilWindowCloses] or [UntilTimeLimit] (KIP-328).
type Suppression struct {
	final  bool
	limit  time.Duration
	bounds bufferBounds
}

// UntilWindowCloses passes on one change for each key and window, the last one,
// when the window has closed: when stream time has reached its end and the grace
// (and the gap of sessions). Sliding windows and sessions contain their end and take
// records of that very time still, each of which makes another result, as in Kafka
// Streams: a grace that's a millisecond longer than records are late avoids that.
// Windows that one record closes come in the order of their ends, then of the keys' bytes.
// Rows that are deleted by then, swallowed sessions for instance, aren't passed on.
//
// It's for windowed tables. What waits can't be given up early without sending
// results that aren't final, so a full buffer is an error that stops the
// application, as with [ShutDownWhenFull]. By default a buffer is never full.
func UntilWindowCloses(options ...BufferOption) Suppression {
	s := Suppression{final: true, bounds: boundsOf(options)}
	s.bounds.stop = true
	return s
}

// UntilTimeLimit passes on the last change of a row when stream time is the limit
// or more past the first one that waits; later ones don't prolong the wait. Rows
// come in the order of those first timestamps, then of the keys' bytes. Deletions
// are passed on as other changes are. The limit isn't negative and in whole
// milliseconds.
//
// When the buffer is full, what has waited longest is passed on early, unless
// [ShutDownWhenFull] is given. By default a buffer is never full.
func UntilTimeLimit(limit time.Duration, options ...BufferOption) Suppression {
	return Suppression{limit: limit, bounds: boundsOf(options)}
}

// BufferOption is an option of the buffer of a suppressed table.
type BufferOption interface{ setBuffer(*bufferBounds) }

type bufferBounds struct {
	records, bytes int64
	stop           bool
}

type bufferOption func(*bufferBounds)

func (f bufferOption) setBuffer(b *bufferBounds) { f(b) }

// MaxRecords sets how many rows of a task may wait at most; at least 0. The
// default is no limit.
func MaxRecords(n int64) BufferOption {
	return bufferOption(func(b *bufferBounds) { b.records = n })
}

// MaxBytes sets how many bytes of a task may wait at most; at least 0. They are
// counted as Kafka Streams counts them: those of keys, values, topic names and
// headers, and 28 for each row. The default is no limit.
func MaxBytes(n int64) BufferOption {
	return bufferOption(func(b *bufferBounds) { b.bytes = n })
}

// ShutDownWhenFull makes a full buffer an error that stops the application.
func ShutDownWhenFull() BufferOption {
	return bufferOption(func(b *bufferBounds) { b.stop = true })
}

func boundsOf(options []BufferOption) bufferBounds {
	b := bufferBounds{records: op.Unlimited, bytes: op.Unlimited}
	present(options, func(o BufferOption) { o.setBuffer(&b) })
	return b
}

var (
	errNoSuppression = errors.New("Suppress needs UntilWindowCloses or UntilTimeLimit")
	errNoWindowEnd   = errors.New("Suppress until the window closes needs a windowed table: use UntilTimeLimit, or aggregate by windows before")
	errChangesLater  = errors.New("Suppress until the window closes: a join by foreign key also follows rows without a window, and so has no final result: suppress the table in front of it, or use UntilTimeLimit")
	errNeverCloses   = errors.New("Suppress until the window closes: unlimited windows never close")
)

// check notes what's wrong with the suppression of the node.
func (s Suppression) check(b *Builder, node string) {
	if s == (Suppression{}) {
		b.g.Fail(node, "%w", errNoSuppression)
	}
	if s.limit < 0 || s.limit%time.Millisecond != 0 {
		b.g.Fail(node, "the time limit must not be negative and in whole milliseconds, got %s", s.limit)
	}
	s.bounds.check(b, node)
}

func (s bufferBounds) check(b *Builder, node string) {
	if s.records < 0 {
		b.g.Fail(node, "MaxRecords must not be negative, got %d", s.records)
	}
	if s.bytes < 0 {
		b.g.Fail(node, "MaxBytes must not be negative, got %d", s.bytes)
	}
}
