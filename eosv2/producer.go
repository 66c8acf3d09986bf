package eosv2

import (
	"context"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// state is where a Producer stands; docs/design.md draws the transitions.
type state uint8

const (
	stateNew    state = iota // no producer id
	stateReady               // initialised, no transaction
	stateOpen                // a transaction has records or offsets
	stateEnding              // EndTxn is on its way
	stateFailed              // the transaction is lost: Init
	stateClosed
)

// Producer writes records and offsets in transactions. Its methods may be
// called from several goroutines, but a transaction is one sequence of calls:
// who sends while another commits writes into the next transaction.
type Producer struct {
	cfg  Config
	wake chan struct{} // capacity 1: something for the sender to look at
	stop chan struct{} // closed by Close
	done chan struct{} // closed when the sender has ended
	// calls are run by the sender, one at a time.
	calls chan call

	// The sender alone uses these.
	sender

	mu struct {
		sync.Mutex
		// changed is signalled when a Send or Flush that waits may go on.
		changed *sync.Cond
		state   state
		// err is why the transaction failed, set in stateFailed.
		err *Error
		// lives counts Inits; answers of an earlier life are ignored.
		lives uint64
		// txn numbers the transactions; it is that of the open one, or of the
		// next if none is open. acks is the one that Acked speaks of.
		txn, acks uint64
		// since is when the open transaction began.
		since  time.Time
		topics map[string]*Topic
		// opened lists the partitions with an open batch, sealed those that
		// the sender does not know of yet.
		opened, sealed []*part
		// toAdd are partitions to add to the transaction, since gather.
		toAdd  []*part
		gather time.Time
		// hurry is set when the sender should not gather any longer.
		hurry bool
		// outstanding counts sealed batches without acknowledgement, buffered
		// the bytes of all batches, written those of the transaction.
		outstanding, buffered, written int
		// answers wait for the sender.
		answers []answer
		chunks  [][]byte
	}
	closing sync.Once
}

// call is work for the sender, whose error goes to result.
type call struct {
	run    func() error
	result chan error
}

// New starts a producer, which refuses everything but Topic until Init. The
// error names every field of cfg that can't work.
func New(cfg Config) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	p := &Producer{
		cfg:   cfg,
		wake:  make(chan struct{}, 1),
		stop:  make(chan struct{}),
		done:  make(chan struct{}),
		calls: make(chan call),
	}
	p.sender.sinks = make(map[int32]*sink)
	p.sender.idleFor = idleFor
	p.mu.changed = sync.NewCond(&p.mu)
	p.mu.topics = make(map[string]*Topic)
	go p.run()
	return p, nil
}

// Close stops the sender and waits for it, at most for the Client's Net
// timeouts. An open transaction is left to the next Init or to its timeout:
// Commit or Abort first. The Client stays open. Calling it again does nothing.
func (p *Producer) Close() error {
	p.closing.Do(func() {
		p.mu.Lock()
		p.mu.state = stateClosed
		p.mu.changed.Broadcast()
		p.mu.Unlock()
		close(p.stop)
	})
	<-p.done
	return nil
}

// InTransaction reports whether a transaction is open or being ended.
func (p *Producer) InTransaction() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.state == stateOpen || p.mu.state == stateEnding
}

// OpenSince returns when the open transaction began, and the zero time
// without one.
func (p *Producer) OpenSince() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state != stateOpen && p.mu.state != stateEnding {
		return time.Time{}
	}
	return p.mu.since
}

// UncommittedBytes returns the uncompressed size of the records sent since the
// last Commit.
func (p *Producer) UncommittedBytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.written
}

// usableLocked returns nil when records and offsets may be written.
func (p *Producer) usableLocked() error {
	switch p.mu.state {
	case stateNew:
		return &Error{Op: "init", Class: ClassAbort, Err: ErrNotInitialised}
	case stateFailed:
		return p.mu.err
	case stateClosed:
		return &Error{Op: "close", Class: ClassFatal, Err: ErrClosed}
	}
	return nil
}

// beginLocked opens a transaction when none is.
func (p *Producer) beginLocked(now time.Time) {
	if p.mu.state != stateReady {
		return
	}
	p.mu.state = stateOpen
	p.mu.since = now
	p.mu.acks = p.mu.txn
}

// fail ends the transaction with e and returns the error that is kept, which
// is an earlier one if there was.
func (p *Producer) fail(e *Error) error {
	p.mu.Lock()
	switch p.mu.state {
	case stateFailed, stateClosed:
		err := p.usableLocked()
		p.mu.Unlock()
		return err
	}
	p.judgeFencedLocked(e)
	p.mu.state = stateFailed
	p.mu.err = e
	// Told with the lock held: no call returns e before the observer knows it.
	p.cfg.Observer.failed(e)
	p.mu.changed.Broadcast()
	p.mu.Unlock()
	return e
}

// judgeFencedLocked tells a fence from our own transaction's timeout, for
// which brokers have one code. Our clock started before the coordinator's, so
// a younger transaction was not timed out; for an older one Init decides.
func (p *Producer) judgeFencedLocked(e *Error) {
	if e.Class != ClassFenced || p.mu.since.IsZero() || time.Since(p.mu.since) < p.cfg.TransactionTimeout {
		return
	}
	e.Class = ClassAbort
}

// nudge wakes the sender.
func (p *Producer) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// do has the sender run f and waits for it. When ctx ends first, f may still
// be running: started tells.
func (p *Producer) do(ctx context.Context, f func() error) (started bool, err error) {
	c := call{run: f, result: make(chan error, 1)}
	select {
	case p.calls <- c:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-p.done:
		return false, ErrClosed
	}
	select {
	case err = <-c.result:
		return true, err
	case <-ctx.Done():
		return true, context.Cause(ctx)
	case <-p.done:
		return true, ErrClosed
	}
}

// client is shorthand for the configured one.
func (p *Producer) client() sarama.Client { return p.cfg.Client }
