package kafka

import (
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/record"
)

// planTime is the time at which the tests plan.
func planTime() time.Time { return time.UnixMilli(1700000000000) }

// planned sets up a fetcher without goroutines whose partitions are led by
// broker 0, and returns what its loop would fetch.
func planned(cfg FetchConfig, cursors ...*cursor) (p plan, wait time.Duration, l *loop) {
	f := &Fetcher{cfg: cfg.withDefaults()}
	f.mu.cursors = make(map[record.TopicPartition]*cursor)
	f.mu.loops = make(map[int32]*loop)
	for i, c := range cursors {
		c.tp = tp("in", int32(i))
		c.fetchBytes = f.cfg.PartitionBytes / 2
		f.mu.buffered += c.buffered
		f.mu.cursors[c.tp] = c
	}
	l = &loop{f: f}
	f.mu.loops[0] = l
	p, wait, _ = l.next(planTime())
	return p, wait, l
}

func TestPlan(t *testing.T) {
	small := FetchConfig{PartitionBytes: 100, BufferBytes: 150, MaxBytes: 120, MaxWait: 100 * time.Millisecond}
	later := planTime().Add(30 * time.Millisecond)
	for _, tc := range []struct {
		name    string
		cursors []*cursor
		asks    int
		wait    time.Duration
		maxWait time.Duration
		bytes   int32
	}{
		{"both", []*cursor{{}, {}}, 2, 0, 100 * time.Millisecond, 100},
		{"a response's limit", []*cursor{{}, {}, {}}, 3, 0, 100 * time.Millisecond, 120},
		{"one is full", []*cursor{{buffered: 100}, {}}, 1, 0, shortWait, 50},
		{"all are full", []*cursor{{buffered: 100}}, 0, 0, shortWait, 0},
		{"one is half full", []*cursor{{buffered: 50}}, 1, 0, 100 * time.Millisecond, 50},
		{"one rests after an error", []*cursor{{retryAt: later}, {}}, 1, 30 * time.Millisecond, shortWait, 50},
		{"the only one rests", []*cursor{{retryAt: later}}, 0, 30 * time.Millisecond, shortWait, 0},
		{"stopped, busy, led by another", []*cursor{{stopped: true}, {busy: true}, {leader: 1}}, 0, 0, 100 * time.Millisecond, 0},
		{"the budget is used up", []*cursor{{buffered: 70}, {buffered: 70}}, 0, 0, 100 * time.Millisecond, 0},
		{"the budget is used up, one has nothing", []*cursor{{buffered: 75}, {buffered: 75}, {}}, 1, 0, 100 * time.Millisecond, 50},
		{"the budget allows one", []*cursor{{buffered: 90}, {}}, 2, 0, 100 * time.Millisecond, 60},
		{"suspects go alone", []*cursor{{}, {suspect: true}, {}}, 1, 0, 100 * time.Millisecond, 50},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, wait, l := planned(small, tc.cursors...)
			if len(p.asks) != tc.asks || wait != tc.wait || p.maxWait != tc.maxWait || p.maxBytes != tc.bytes {
				t.Errorf("got %d partitions, wait %s, long poll %s, %d bytes", len(p.asks), wait, p.maxWait, p.maxBytes)
			}
			if l.f.mu.reserved != int64(tc.bytes) {
				t.Errorf("reserved %d", l.f.mu.reserved)
			}
			for _, a := range p.asks {
				if !l.f.mu.cursors[a.tp].busy {
					t.Errorf("%s isn't marked as under way", a.tp)
				}
			}
		})
	}
}

// TestBudgetSmallerThanFetch must not stop everything.
func TestBudgetSmallerThanFetch(t *testing.T) {
	p, _, _ := planned(FetchConfig{PartitionBytes: 100, BufferBytes: 10}, &cursor{})
	if len(p.asks) != 1 {
		t.Error("nothing is fetched")
	}
}

// TestHurryFades lets a consumer hold a chunk for ever: the other partitions'
// polls become long again.
func TestHurryFades(t *testing.T) {
	_, _, l := planned(FetchConfig{PartitionBytes: 100}, &cursor{buffered: 100}, &cursor{})
	var last time.Duration
	for range 10 {
		l.f.mu.cursors[tp("in", 1)].busy = false
		p, _, _ := l.next(planTime())
		if p.maxWait < last {
			t.Errorf("a poll of %s after one of %s", p.maxWait, last)
		}
		last = p.maxWait
	}
	if last != l.f.cfg.MaxWait {
		t.Errorf("polls still last %s", last)
	}
	l.f.mu.cursors[tp("in", 0)].buffered = 0
	l.f.mu.cursors[tp("in", 1)].busy = false
	if p, _, _ := l.next(planTime()); p.maxWait != l.f.cfg.MaxWait || l.hurried != 0 {
		t.Errorf("after the release: %s, hurried %d", p.maxWait, l.hurried)
	}
}

func TestLoopEndsWithoutPartitions(t *testing.T) {
	_, _, l := planned(FetchConfig{}, &cursor{leader: 1})
	if len(l.f.mu.loops) != 0 {
		t.Error("the loop is still known")
	}
}
