package kafka

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// shortWait is the long poll's length while a partition of the broker waits
// for its chunks to be released: when they are, it must not wait out a poll for
// partitions that are idle.
const shortWait = 5 * time.Millisecond

// fetchVersion is the newest version of the request that sarama writes.
const fetchVersion = 12

// loop fetches from one broker. It ends when the broker leads none of the
// assigned partitions any more.
type loop struct {
	f      *Fetcher
	broker int32
	wake   chan struct{}
	// hurried counts requests in a row with a shortened wait.
	hurried int
}

// ask is a partition in a request: where its cursor stood.
type ask struct {
	tp          record.TopicPartition
	epoch       uint64
	offset      int64
	bytes       int32
	leaderEpoch int32
	at          time.Time
}

// plan is one request.
type plan struct {
	asks     []ask
	maxBytes int32
	maxWait  time.Duration
	// reserved is the share of the budget that the response may use up.
	reserved int64
}

// loopLocked returns the loop of a broker, started if need be.
func (f *Fetcher) loopLocked(broker int32) *loop {
	l := f.mu.loops[broker]
	if l == nil {
		l = &loop{f: f, broker: broker, wake: make(chan struct{}, 1)}
		f.mu.loops[broker] = l
		if !f.mu.closed {
			f.wg.Go(l.run)
		}
	}
	return l
}

func (l *loop) run() {
	for l.f.ctx.Err() == nil {
		p, wait, idle := l.next(time.Now())
		switch {
		case idle:
			return
		case len(p.asks) == 0:
			l.f.rest(l.wake, wait)
		default:
			l.fetch(p)
		}
	}
}

// next plans a request of the partitions that may be fetched. Without any it
// returns how long to wait, 0 for no limit, or that the loop has ended.
func (l *loop) next(now time.Time) (p plan, wait time.Duration, idle bool) {
	f := l.f
	f.mu.Lock()
	defer f.mu.Unlock()
	led, held := 0, false
	var suspect *cursor
	var ready []*cursor
	for _, cur := range f.mu.cursors {
		if cur.leader != l.broker {
			continue
		}
		led++
		switch d := cur.retryAt.Sub(now); {
		case cur.stopped || cur.busy:
		case d > 0:
			wait = shorter(wait, d)
		case cur.buffered >= int64(f.cfg.PartitionBytes):
			held = true
		case cur.suspect:
			suspect = cur
		default:
			ready = append(ready, cur)
		}
	}
	if led == 0 {
		delete(f.mu.loops, l.broker)
		return p, 0, true
	}
	if suspect != nil {
		ready = append(ready[:0], suspect)
	}
	return l.planLocked(ready, held || wait > 0, now), wait, false
}

// planLocked makes a request within the room that the budget leaves. When it
// leaves none, partitions of which nothing is buffered are asked for all the same:
// a consumer may hold what it has of one partition until it gets some of another,
// and neither would ever move.
func (l *loop) planLocked(ready []*cursor, hurry bool, now time.Time) plan {
	f := l.f
	p := plan{maxWait: f.cfg.MaxWait}
	if !hurry {
		l.hurried = 0
	} else if w := shortWait << min(l.hurried, 10); w < p.maxWait {
		// A consumer that holds chunks for long isn't polled for at this pace.
		p.maxWait = w
		l.hurried++
	}
	room := f.roomLocked()
	if len(ready) > 0 && room < int64(ready[0].fetchBytes) {
		ready = slices.DeleteFunc(ready, func(cur *cursor) bool { return cur.buffered > 0 })
	}
	if len(ready) == 0 {
		return p
	}
	for _, cur := range ready {
		cur.busy = true
		p.asks = append(p.asks, ask{cur.tp, cur.epoch, cur.offset, cur.fetchBytes, cur.leaderEpoch, now})
		p.reserved += int64(cur.fetchBytes)
	}
	p.reserved = max(min(p.reserved, room, int64(f.cfg.MaxBytes)), int64(ready[0].fetchBytes))
	p.maxBytes = int32(p.reserved)
	f.mu.reserved += p.reserved
	return p
}

// fetch makes one request and hands over what it brings.
func (l *loop) fetch(p plan) {
	resp, err := l.request(p)
	l.f.unreserve(p.reserved)
	for _, a := range p.asks {
		c := l.f.absorb(a, resp, err, len(p.asks) == 1)
		if c != nil {
			l.f.handOver(c)
		}
	}
}

// unreserve returns a request's share of the budget. Loops that had no room for
// a request may have it now.
func (f *Fetcher) unreserve(n int64) {
	f.mu.Lock()
	tight := f.roomLocked() < int64(f.cfg.PartitionBytes)
	f.mu.reserved -= n
	var loops []*loop
	if tight {
		loops = f.loopsLocked()
	}
	f.mu.Unlock()
	wakeAll(loops)
}

func (l *loop) request(p plan) (*sarama.FetchResponse, error) {
	b, err := l.f.client.sc.Broker(l.broker)
	if err != nil {
		return nil, fmt.Errorf("broker %d: %w", l.broker, err)
	}
	req := l.f.newRequest(p)
	var resp *sarama.FetchResponse
	err = l.f.client.call(l.f.ctx, b, func() (err error) {
		resp, err = b.Fetch(req)
		return err
	})
	if err == nil && resp.ErrorCode != int16(sarama.ErrNoError) {
		err = fmt.Errorf("broker %s: %w", b.Addr(), sarama.KError(resp.ErrorCode))
	}
	return resp, err
}

func (f *Fetcher) newRequest(p plan) *sarama.FetchRequest {
	req := &sarama.FetchRequest{
		Version:     fetchVersion,
		MaxWaitTime: int32(p.maxWait.Milliseconds()),
		MinBytes:    f.cfg.MinBytes,
		MaxBytes:    p.maxBytes,
		// No fetch session (KIP-227): the assignment changes often, and the
		// position must not depend on what the broker remembers.
		SessionEpoch: -1,
	}
	if f.cfg.ReadCommitted {
		req.Isolation = sarama.ReadCommitted
	}
	for _, a := range p.asks {
		req.AddBlock(a.tp.Topic, a.tp.Partition, a.offset, a.bytes, a.leaderEpoch)
	}
	return req
}

// absorb takes one partition's part of a response into its cursor and returns
// the chunk to hand over, or nil if the cursor was replaced meanwhile: a late
// response must not bring back an old position.
func (f *Fetcher) absorb(a ask, resp *sarama.FetchResponse, err error, alone bool) *Chunk {
	var block *sarama.FetchResponseBlock
	var data fetched
	if err == nil {
		block, data, err = f.decode(a, resp)
	}
	if errors.Is(err, sarama.ErrOffsetOutOfRange) {
		err = f.checkRange(a, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	cur := f.currentLocked(a.tp, a.epoch)
	switch {
	case cur == nil:
		return nil
	case err == nil:
		return f.advanceLocked(cur, a, block, data)
	case block == nil && undecodable(err) && !(alone && cur.suspect):
		// sarama decodes a response as a whole, so one partition's damage hides
		// the others. Each is then asked for alone, and damage has to show twice.
		cur.suspect = true
		return cur.chunk(f)
	}
	return f.failLocked(cur, err)
}

// undecodable tells whether the answer arrived but made no sense. Its error
// comes from the decoder or from a decompressor.
func undecodable(err error) bool {
	if _, ok := errors.AsType[sarama.KError](err); ok {
		return false
	}
	return Classify(err) == Fatal
}

func (f *Fetcher) decode(a ask, resp *sarama.FetchResponse) (*sarama.FetchResponseBlock, fetched, error) {
	block := resp.GetBlock(a.tp.Topic, a.tp.Partition)
	if block == nil {
		return nil, fetched{}, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		return block, fetched{}, block.Err
	}
	data, err := decodeBlock(block, a.offset, f.cfg.ReadCommitted)
	return block, data, err
}

// advanceLocked moves a cursor past what was fetched and makes its chunk.
func (f *Fetcher) advanceLocked(cur *cursor, a ask, block *sarama.FetchResponseBlock, data fetched) *Chunk {
	c := cur.chunk(f)
	c.Next, c.batches, c.Bytes = data.next, data.batches, data.bytes
	c.HighWatermark, c.LastStable, c.LogStart = block.HighWaterMarkOffset, block.LastStableOffset, block.LogStartOffset
	c.news = !cur.reported || c.Next != cur.offset ||
		c.HighWatermark != cur.highWatermark || c.LastStable != cur.lastStable
	cur.reported = true
	cur.highWatermark, cur.lastStable = c.HighWatermark, c.LastStable
	cur.offset = c.Next
	if c.Next >= c.HighWatermark {
		cur.confirmed = a.at
	}
	cur.succeeded()
	cur.buffered += int64(c.Bytes)
	f.mu.buffered += int64(c.Bytes)
	cur.fetchBytes = max(f.cfg.PartitionBytes/2, 1)
	if data.tooSmall {
		cur.fetchBytes = min(a.bytes, 1<<29) * 2
	}
	return c
}

// checkRange finds the bounds of the log for the error. Where the position lies
// within them, a replica that was behind had answered, and it's asked again.
func (f *Fetcher) checkRange(a ask, cause error) error {
	tps := []record.TopicPartition{a.tp}
	start, err := f.client.ListOffsets(f.ctx, tps, LogStart)
	if err != nil {
		return err
	}
	end, err := f.client.ListOffsets(f.ctx, tps, HighWatermark)
	if err != nil {
		return err
	}
	if a.offset >= start[a.tp] && a.offset <= end[a.tp] {
		return fmt.Errorf("%w: %w", sarama.ErrNotLeaderForPartition, cause)
	}
	return &OffsetOutOfRangeError{TopicPartition: a.tp, Offset: a.offset, LogStart: start[a.tp], HighWatermark: end[a.tp]}
}
