package topology

import (
	"time"

	"github.com/oncestream/oncestream/topology/internal/graph"
)

// WithIdleTimeout lets the wall clock move stream time on where a partition gets no
// records. Otherwise stream time comes from records alone, so what waits for it in a
// partition without traffic is never passed on: windows that are sent when they
// close, suppressed changes, records of an outer join without a match. Off by
// default, and beyond Kafka Streams.
//
// When a task has had nothing to read of the source's partitions for d, which is a
// millisecond at least, and there's nothing to read of its other inputs either, the
// source's time is that of its latest record and as much more as the wall clock has
// gone since. Whatever that makes due behind the source is passed on, and calls that
// processors have scheduled by stream time are made. It's moved only where something
// is due, and no further than brokers have confirmed that there was nothing to read: a
// partition that can't be reached isn't idle, nor one with records of a transaction
// that is open. Records that come later are judged by the time that it was moved to, so
// those of closed windows are dropped as late.
//
// d should be longer than any pause after which records with earlier timestamps may
// still come, for instance while a producer is down. Partitions that have never had
// a record have no time to go on from. The time since the latest record counts anew
// when a task starts.
//
// Repartition topics behind the source have its timeout, too: the longest one where
// several sources feed them.
func WithIdleTimeout(d time.Duration) SourceOption { return idleTimeout{d: d, given: true} }

type idleTimeout struct {
	d     time.Duration
	given bool
}

func (i idleTimeout) setSource(o *sourceOptions) { o.idle = i }

// check notes a timeout that can't be, and returns the one to use.
func (i idleTimeout) check(g *graph.Graph, node string) time.Duration {
	if i.given && i.d < time.Millisecond {
		g.Fail(node, "WithIdleTimeout: %s is too short: it must be a millisecond or more", i.d)
	}
	return i.d
}
