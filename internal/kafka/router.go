package kafka

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// target is a cursor whose leader is looked for.
type target struct {
	tp    record.TopicPartition
	epoch uint64
	// again is set where the leader was known before, so that the metadata at
	// hand is out of date.
	again bool
}

// route finds the leaders of partitions that have none and hands them to their
// broker's loop.
func (f *Fetcher) route() {
	for f.ctx.Err() == nil {
		targets, wait := f.leaderless(time.Now())
		if len(targets) == 0 {
			f.rest(f.wakeRouter, wait)
			continue
		}
		f.refreshTargets(targets)
		for _, t := range targets {
			f.routeOne(t)
		}
	}
}

// rest waits for a signal, or for d unless it's 0.
func (f *Fetcher) rest(signal <-chan struct{}, d time.Duration) {
	var timeout <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-signal:
	case <-timeout:
	case <-f.ctx.Done():
	}
}

// leaderless takes the cursors that need a leader now. Without any it returns
// how long to wait for the next, 0 for no limit.
func (f *Fetcher) leaderless(now time.Time) (targets []target, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, cur := range f.mu.cursors {
		if cur.leader != noLeader || cur.busy || cur.stopped {
			continue
		}
		if d := cur.retryAt.Sub(now); d > 0 {
			wait = shorter(wait, d)
			continue
		}
		cur.busy = true
		targets = append(targets, target{cur.tp, cur.epoch, cur.tries > 0})
	}
	return targets, wait
}

// shorter returns the shorter of two waits, where 0 means for ever.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// refreshTargets asks for fresh metadata where what's known didn't help. A
// failure shows again when the leaders are looked up.
func (f *Fetcher) refreshTargets(targets []target) {
	var stale []record.TopicPartition
	for _, t := range targets {
		if t.again {
			stale = append(stale, t.tp)
		}
	}
	if len(stale) > 0 {
		_ = f.client.refresh(topicsOf(stale)...)
	}
}

func (f *Fetcher) routeOne(t target) {
	b, leaderEpoch, err := f.client.sc.LeaderAndEpoch(t.tp.Topic, t.tp.Partition)
	if err == nil && b == nil {
		err = sarama.ErrLeaderNotAvailable
	}
	f.mu.Lock()
	cur := f.currentLocked(t.tp, t.epoch)
	if cur == nil {
		f.mu.Unlock()
		return
	}
	if err == nil {
		cur.leader, cur.leaderEpoch, cur.busy = b.ID(), leaderEpoch, false
		l := f.loopLocked(b.ID())
		f.mu.Unlock()
		wake(l.wake)
		return
	}
	c := f.failLocked(cur, err)
	f.mu.Unlock()
	f.handOver(c)
}

// failLocked notes an error of one partition. It returns a chunk with the error
// where repeating doesn't help; else the partition will be tried again. Either
// way handOver must follow.
func (f *Fetcher) failLocked(cur *cursor, err error) *Chunk {
	c := cur.chunk(f)
	now := time.Now()
	class := Classify(err)
	cur.failed(now)
	if class == Refresh || class == Retry && errors.Is(err, sarama.ErrUnknownLeaderEpoch) {
		cur.leader = noLeader
	}
	gone := errors.Is(err, sarama.ErrUnknownTopicOrPartition)
	switch {
	case gone && now.Sub(cur.since) >= f.cfg.UnknownTopicTimeout:
		c.Err = fmt.Errorf("kafka: %s: topic or partition doesn't exist: %w", cur.tp, err)
	case class.Transient(), class == Canceled:
	default:
		c.Err = fmt.Errorf("kafka: fetch %s at offset %d: %w", cur.tp, cur.offset, Needs(err, TopicResource, cur.tp.Topic, "Read"))
	}
	cur.stopped = c.Err != nil
	return c
}

// handOver sends a chunk, where it tells anything, and then lets its partition
// be fetched again.
func (f *Fetcher) handOver(c *Chunk) {
	if c.worthSending() && !f.send(c) {
		return
	}
	f.mu.Lock()
	cur := f.currentLocked(c.TopicPartition, c.epoch)
	lost := false
	if cur != nil {
		cur.busy = false
		lost = cur.leader == noLeader
	}
	f.mu.Unlock()
	if lost {
		wake(f.wakeRouter)
	}
}
