package eosv2

import (
	"math"
	"time"

	"github.com/IBM/sarama"
)

const (
	// produceVersion has record errors and no later need: newer versions cost
	// another pass over the records in the client library's encoder.
	produceVersion = 8
	// produceTimeout bounds how long a leader waits for its replicas.
	produceTimeout = 10 * time.Second
	// gatherTime is how long new partitions of a transaction are gathered into
	// one AddPartitionsToTxn, which costs the coordinator a write to its log.
	gatherTime = 2 * time.Millisecond
	// provenFor is how long a broker surely remembers a producer; the shortest
	// sensible producer.id.expiration.ms is longer.
	provenFor = 10 * time.Minute
	// idleFor is how long a connection may be unused and still be trusted. Brokers
	// close idle ones (connections.max.idle.ms), and so do load balancers, some after
	// four minutes. The first request on such a connection would be lost with its
	// outcome unknown, and a transaction with it.
	idleFor    = time.Minute
	minBackoff = 2 * time.Millisecond
	maxBackoff = 250 * time.Millisecond
)

// sender is the state of the goroutine that talks to the brokers, and of no
// other.
type sender struct {
	id      string // the transactional id in use
	pid     int64
	epoch   int16
	granted bool // pid and epoch are from an Init
	idleFor time.Duration
	life    uint64 // the Init that it belongs to, as mu.lives
	sinks   map[int32]*sink
	active  []*part // partitions with something to send or in flight
	first   int     // where assembling starts, so that no partition starves
	scratch scratch
	taken   []answer
	// lastAdd is the latest attempt to add partitions.
	lastAdd struct {
		again   time.Time
		attempt int
	}
	// group is the consumer group added to transaction groupTxn minus one.
	group    string
	groupTxn uint64
}

// flight is what the sender knows of a partition.
type flight struct {
	sink     *sink    // the leader, nil when unknown
	inflight []*batch // sent, in order
	pending  int      // how many of them are not answered
	sequence int32    // of the next record
	// failing is set from a batch's retriable failure until all its successors
	// in flight are answered: they can't be in sequence.
	failing bool
	again   time.Time // when to try again
	attempt int
	cause   error
	stale   bool // the leader must be looked up in fresh metadata
	// proven is when the leader last acknowledged a batch. A broker without any
	// state of this producer accepts whatever sequence number comes first, so
	// that a batch rejected there could be overtaken by its successor. Until the
	// first acknowledgement, and after a failure, one batch is in flight.
	proven time.Time
}

// sink is one broker's connection.
type sink struct {
	broker *sarama.Broker
	// conn numbers the connections, so that a request's failure does not close
	// the successor of the connection it was lost with.
	conn     int
	inflight int
	// used is when something was sent last.
	used time.Time
}

// request is one produce request in flight.
type request struct {
	life    uint64
	sink    *sink
	conn    int
	bytes   int
	batches []*batch
}

// answer is a request's response or failure.
type answer struct {
	req *request
	res *sarama.ProduceResponse
	err error
}

// run is the sender. It ends with Close.
func (p *Producer) run() {
	defer close(p.done)
	timer := time.NewTimer(math.MaxInt64)
	defer timer.Stop()
	for {
		timer.Reset(p.step())
		select {
		case <-p.stop:
			return
		case c := <-p.calls:
			c.result <- c.run()
		case <-p.wake:
		case <-timer.C:
		}
	}
}

// step does everything there is to do and returns when to look again.
func (p *Producer) step() time.Duration {
	p.settleAll()
	if !p.collect(time.Now()) {
		return math.MaxInt64
	}
	p.addPartitions()
	p.dispatch()
	return p.nextStep(time.Now())
}

// collect takes over what was sealed, and reports whether anything may be sent.
func (p *Producer) collect(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state != stateOpen {
		return false
	}
	p.sealLocked(now, p.cfg.Linger)
	p.active = append(p.active, p.mu.sealed...)
	clear(p.mu.sealed)
	p.mu.sealed = p.mu.sealed[:0]
	kept := p.active[:0]
	for _, pt := range p.active {
		if len(pt.queue) == 0 && len(pt.inflight) == 0 {
			pt.listed = false
			continue
		}
		kept = append(kept, pt)
	}
	clear(p.active[len(kept):])
	p.active = kept
	return true
}

// dispatch sends what can be sent.
func (p *Producer) dispatch() {
	now := time.Now()
	if p.expire(now) {
		return
	}
	p.findLeaders(now)
	for {
		reqs := p.assemble(now)
		if len(reqs) == 0 {
			return
		}
		for _, r := range reqs {
			p.send(r)
		}
		p.settleAll()
	}
}

// expire fails the transaction when a batch took too long.
func (p *Producer) expire(now time.Time) bool {
	for _, pt := range p.active {
		b := p.oldest(pt)
		if b == nil || now.Sub(b.sealed) < p.cfg.DeliveryTimeout {
			continue
		}
		p.fail(p.produceError(pt, ClassAbort, joinCause(ErrDeliveryTimeout, pt.cause)))
		return true
	}
	return false
}

func (p *Producer) oldest(pt *part) *batch {
	if len(pt.inflight) > 0 {
		return pt.inflight[0]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(pt.queue) > 0 {
		return pt.queue[0]
	}
	return nil
}

// findLeaders looks up the leaders that are not known. Metadata is asked for
// anew once per topic.
func (p *Producer) findLeaders(now time.Time) {
	var fresh map[string]bool
	for _, pt := range p.active {
		if pt.sink != nil || pt.failing || now.Before(pt.again) {
			continue
		}
		if pt.stale && !fresh[pt.topic.name] {
			if err := p.client().RefreshMetadata(pt.topic.name); err != nil {
				p.postpone(pt, err)
				continue
			}
			if fresh == nil {
				fresh = make(map[string]bool)
			}
			fresh[pt.topic.name] = true
		}
		b, err := p.client().Leader(pt.topic.name, pt.number)
		if err != nil {
			p.postpone(pt, err)
			continue
		}
		pt.stale = false
		pt.sink = p.sinkOf(b)
	}
}

// postpone has a partition wait before its next attempt.
func (p *Producer) postpone(pt *part, cause error) {
	pt.again = time.Now().Add(backoff(pt.attempt))
	pt.attempt++
	pt.cause = cause
	pt.proven = time.Time{}
	pt.sink = nil
	pt.stale = true
	p.cfg.Observer.retried("produce", cause)
}

// backoff grows from minBackoff to maxBackoff.
func backoff(attempt int) time.Duration {
	return min(maxBackoff, minBackoff<<min(attempt, 10))
}

func (p *Producer) sinkOf(b *sarama.Broker) *sink {
	s := p.sinks[b.ID()]
	if s == nil || s.broker != b {
		s = &sink{broker: b}
		p.sinks[b.ID()] = s
	}
	return s
}

// assemble takes at most one batch of each partition into at most one request
// for each broker with room.
func (p *Producer) assemble(now time.Time) []*request {
	if len(p.active) == 0 {
		return nil
	}
	p.first++
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state != stateOpen {
		return nil
	}
	var reqs []*request
	for i := range p.active {
		pt := p.active[(p.first+i)%len(p.active)]
		if p.sendableLocked(pt, now) {
			reqs = p.packLocked(reqs, pt)
		}
	}
	return reqs
}

func (p *Producer) sendableLocked(pt *part, now time.Time) bool {
	return len(pt.queue) > 0 && pt.sink != nil && !pt.failing && !now.Before(pt.again) &&
		(pt.pending == 0 || now.Sub(pt.proven) < provenFor) &&
		pt.sink.inflight < p.cfg.MaxInFlight &&
		(p.cfg.Mode != ExactlyOnce || pt.added == p.mu.txn+1)
}

// packLocked moves the head of pt's queue into its broker's request.
func (p *Producer) packLocked(reqs []*request, pt *part) []*request {
	b := pt.queue[0]
	var r *request
	for _, have := range reqs {
		if have.sink == pt.sink {
			r = have
		}
	}
	if r == nil {
		r = &request{life: p.life, sink: pt.sink, conn: pt.sink.conn}
		reqs = append(reqs, r)
	}
	if len(r.batches) > 0 && r.bytes+b.bytes > p.cfg.RequestBytes {
		return reqs
	}
	pt.queue[0] = nil
	if pt.queue = pt.queue[1:]; len(pt.queue) == 0 {
		pt.queue = nil
	}
	if b.seq < 0 {
		b.seq = pt.sequence
		pt.sequence = nextSequence(pt.sequence, b.count)
	}
	pt.inflight = append(pt.inflight, b)
	pt.pending++
	r.bytes += b.bytes
	r.batches = append(r.batches, b)
	return reqs
}

// nextSequence advances a sequence number, which wraps to 0 after the largest.
func nextSequence(seq, count int32) int32 {
	if seq > math.MaxInt32-count {
		return count - (math.MaxInt32 - seq) - 1
	}
	return seq + count
}

// send hands a request to the client library, which encodes and writes it.
func (p *Producer) send(r *request) {
	r.sink.inflight++
	r.sink.used = time.Now()
	err := r.sink.broker.AsyncProduce(p.encode(r), func(res *sarama.ProduceResponse, err error) {
		// On the connection's receiver: nothing here may block or use the broker.
		p.answered(answer{req: r, res: res, err: err})
	})
	if err != nil {
		p.answered(answer{req: r, err: err})
	}
}

func (p *Producer) answered(a answer) {
	p.mu.Lock()
	p.mu.answers = append(p.mu.answers, a)
	p.mu.Unlock()
	p.nudge()
}

// nextStep returns how long the sender may sleep if nobody wakes it.
func (p *Producer) nextStep(now time.Time) time.Duration {
	wait := time.Duration(math.MaxInt64)
	at := func(t time.Time) { wait = min(wait, max(0, t.Sub(now))) }
	for _, pt := range p.active {
		if pt.sink == nil && !pt.failing {
			at(pt.again)
		}
		if b := p.oldest(pt); b != nil {
			at(b.sealed.Add(p.cfg.DeliveryTimeout))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pt := range p.mu.opened {
		if pt.open != nil {
			at(pt.open.born.Add(p.cfg.Linger))
		}
	}
	if len(p.mu.toAdd) > 0 {
		at(p.addDueLocked())
	}
	return wait
}
