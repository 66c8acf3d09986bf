package kafka

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/oncestream/oncestream/internal/record"
)

// FetchConfig configures a Fetcher. Its zero value works.
type FetchConfig struct {
	// MaxWait is how long a broker may wait for MinBytes. It also bounds how long
	// a newly assigned partition waits for the request under way. Default 100 ms.
	MaxWait time.Duration
	// MinBytes is what a broker waits for. Default 1.
	MinBytes int32
	// PartitionBytes bounds what's fetched ahead of one partition: with so many
	// bytes in unreleased chunks it isn't fetched. One fetch asks for half of it, so
	// that the next is under way while a chunk is processed. A larger batch is
	// fetched all the same. Default 1 MiB.
	PartitionBytes int32
	// MaxBytes bounds one response. Default 16 MiB.
	MaxBytes int32
	// BufferBytes bounds the unreleased chunks of all partitions and the responses
	// on their way, but for one fetch of each partition of which nothing is buffered.
	// Compressed data may exceed it by the last response's expansion. Default 64 MiB.
	BufferBytes int64
	// ReadCommitted leaves out the records of aborted transactions and stops at
	// the last stable offset.
	ReadCommitted bool
	// UnknownTopicTimeout is how long a topic that doesn't exist is looked for
	// before it's reported. Default 15 s.
	UnknownTopicTimeout time.Duration
}

func (c FetchConfig) withDefaults() FetchConfig {
	c.MaxWait = cmp.Or(c.MaxWait, 100*time.Millisecond)
	c.MinBytes = cmp.Or(c.MinBytes, 1)
	c.PartitionBytes = cmp.Or(c.PartitionBytes, 1<<20)
	c.MaxBytes = cmp.Or(c.MaxBytes, 16<<20)
	c.BufferBytes = cmp.Or(c.BufferBytes, 64<<20)
	c.UnknownTopicTimeout = cmp.Or(c.UnknownTopicTimeout, 15*time.Second)
	return c
}

// Fetcher reads partitions from given positions. It runs one goroutine for each
// broker that leads an assigned partition, and one that finds the leaders; Close
// waits for all of them. Its methods may be called by several goroutines.
//
// A partition is in at most one request at a time, and in none until the chunk
// of its last one is in the channel: that keeps its chunks in order when its
// leader moves.
type Fetcher struct {
	client *Client
	cfg    FetchConfig
	chunks chan *Chunk

	// ctx ends with Close. It's the parent of everything the goroutines do.
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	// wakeRouter tells the router that a partition has no leader.
	wakeRouter chan struct{}

	// mu is never held during a request or while a chunk is handed over.
	mu struct {
		sync.Mutex
		closed  bool
		epoch   uint64
		cursors map[record.TopicPartition]*cursor
		loops   map[int32]*loop
		// buffered counts bytes of unreleased chunks, reserved those that requests
		// under way may bring.
		buffered, reserved int64
	}
}

// NewFetcher starts a fetcher on the connections of c, which should be used for
// nothing else: long polls hold up other requests.
func NewFetcher(c *Client, cfg FetchConfig) *Fetcher {
	f := &Fetcher{client: c, cfg: cfg.withDefaults(), chunks: make(chan *Chunk, 256), wakeRouter: make(chan struct{}, 1)}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.mu.cursors = make(map[record.TopicPartition]*cursor)
	f.mu.loops = make(map[int32]*loop)
	f.wg.Go(f.route)
	return f
}

// Chunks returns the channel of chunks. It's never closed.
func (f *Fetcher) Chunks() <-chan *Chunk { return f.chunks }

// Assign begins to fetch a partition at an offset, or moves it there. Chunks
// from before are void.
func (f *Fetcher) Assign(tp record.TopicPartition, offset int64) {
	f.mu.Lock()
	f.voidLocked(tp)
	f.mu.epoch++
	f.mu.cursors[tp] = &cursor{
		tp: tp, epoch: f.mu.epoch, offset: offset, leader: noLeader,
		fetchBytes: max(f.cfg.PartitionBytes/2, 1),
	}
	f.mu.Unlock()
	wake(f.wakeRouter)
}

// Remove ends the fetching of partitions. Their chunks are void.
func (f *Fetcher) Remove(tps ...record.TopicPartition) {
	f.mu.Lock()
	for _, tp := range tps {
		f.voidLocked(tp)
		delete(f.mu.cursors, tp)
	}
	loops := f.loopsLocked()
	f.mu.Unlock()
	wakeAll(loops)
}

// voidLocked takes the chunks of a partition out of the budget: their consumer
// drops them.
func (f *Fetcher) voidLocked(tp record.TopicPartition) {
	if cur := f.mu.cursors[tp]; cur != nil {
		f.mu.buffered -= cur.buffered
	}
}

// Valid reports whether a chunk's partition hasn't been assigned anew or removed
// since it was fetched.
func (f *Fetcher) Valid(c *Chunk) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.currentLocked(c.TopicPartition, c.epoch) != nil
}

// Confirmed returns until when it's certain that there was nothing to read of a
// partition from a position on; the zero time where it isn't known. It tells silence
// from a leader that can't be reached.
//
// It's when the last request was sent that found the end of the log at the position:
// the answer may have waited for this process for any time. A partition isn't empty
// while an open transaction has records in it, nor once more was fetched of it than
// the consumer has taken.
func (f *Fetcher) Confirmed(tp record.TopicPartition, position int64) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	cur := f.mu.cursors[tp]
	if cur == nil || cur.offset != position {
		return time.Time{}
	}
	return cur.confirmed
}

// currentLocked returns the cursor of a partition unless it was replaced.
func (f *Fetcher) currentLocked(tp record.TopicPartition, epoch uint64) *cursor {
	if cur := f.mu.cursors[tp]; cur != nil && cur.epoch == epoch {
		return cur
	}
	return nil
}

// release gives a chunk's bytes back, and wakes the loops where that lets
// something be fetched that couldn't before.
func (f *Fetcher) release(c *Chunk) {
	f.mu.Lock()
	cur := f.currentLocked(c.TopicPartition, c.epoch)
	if cur == nil {
		f.mu.Unlock()
		return
	}
	full := cur.buffered >= int64(f.cfg.PartitionBytes) || f.roomLocked() < int64(cur.fetchBytes)
	cur.buffered -= int64(c.Bytes)
	f.mu.buffered -= int64(c.Bytes)
	var loops []*loop
	if full {
		loops = f.loopsLocked()
	}
	f.mu.Unlock()
	wakeAll(loops)
}

func (f *Fetcher) roomLocked() int64 { return f.cfg.BufferBytes - f.mu.buffered - f.mu.reserved }

func (f *Fetcher) loopsLocked() []*loop {
	loops := make([]*loop, 0, len(f.mu.loops))
	for _, l := range f.mu.loops {
		loops = append(loops, l)
	}
	return loops
}

// Close ends all fetching and waits for the fetcher's goroutines. Requests under
// way are given up.
func (f *Fetcher) Close() {
	f.mu.Lock()
	f.mu.closed = true
	f.mu.Unlock()
	f.cancel()
	f.wg.Wait()
}

// send hands a chunk over, or reports that the fetcher was closed.
func (f *Fetcher) send(c *Chunk) bool {
	select {
	case f.chunks <- c:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// wake leaves a signal that isn't lost and doesn't pile up.
func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func wakeAll(loops []*loop) {
	for _, l := range loops {
		wake(l.wake)
	}
}
