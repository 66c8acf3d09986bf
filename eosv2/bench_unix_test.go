//go:build unix

package eosv2

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// cpu returns the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReal writes records of 16 bytes of key and 84 of value to eight
// partitions of a real broker, in transactions of 40,000, and reports the
// processor time of this process per record.
func BenchmarkReal(b *testing.B) {
	addr := kafkatest.Shared(b)
	for _, size := range []int{64 << 10, 256 << 10, 900 << 10} {
		b.Run(fmt.Sprintf("batch=%dKiB", size>>10), func(b *testing.B) { benchmarkReal(b, addr, size) })
	}
}

func benchmarkReal(b *testing.B, addr string, batchBytes int) {
	name := kafkatest.Unique("bench")
	kafkatest.CreateTopic(b, addr, name, 8, nil)
	c := cluster{client: newClient(b, strings.Split(addr, ","))}
	var phases phaseTimes
	p := c.producer(b, func(cfg *Config) {
		cfg.TransactionalID, cfg.BatchBytes, cfg.Observer.Phase = name, batchBytes, phases.add
	})
	h := topic(b, p, name)
	key, value := []byte("0123456789abcdef"), make([]byte, 84)
	transaction := func(n int) {
		for i := range n {
			if err := h.Send(int32(i&7), key, value, 1_700_000_000_000+int64(i), nil); err != nil {
				b.Fatal(err)
			}
		}
		must(b, p.SendOffsets(b.Context(), Group{ID: name, Generation: -1}, at(name, 0, 1)))
		must(b, p.Commit(b.Context()))
	}
	transaction(40_000)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu(b)
	for left := b.N; left > 0; left -= 40_000 {
		transaction(min(left, 40_000))
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu(b)-start).Nanoseconds())/float64(b.N), "cpu-ns/record")
	phases.report(b)
}

// BenchmarkSmallTransactions is one record per partition and transaction: what
// a commit costs.
func BenchmarkSmallTransactions(b *testing.B) {
	addr := kafkatest.Shared(b)
	name := kafkatest.Unique("bench")
	kafkatest.CreateTopic(b, addr, name, 8, nil)
	c := cluster{client: newClient(b, strings.Split(addr, ","))}
	var phases phaseTimes
	p := c.producer(b, func(cfg *Config) { cfg.TransactionalID, cfg.Observer.Phase = name, phases.add })
	h := topic(b, p, name)
	b.ReportAllocs()
	for b.Loop() {
		for i := range int32(8) {
			must(b, h.Send(i, nil, []byte("v"), 0, nil))
		}
		must(b, p.SendOffsets(b.Context(), Group{ID: name, Generation: -1}, at(name, 0, 1)))
		must(b, p.Commit(b.Context()))
	}
	phases.report(b)
}

// phaseTimes adds up the phases of many transactions.
type phaseTimes struct {
	mu  sync.Mutex
	sum [PhaseEnd + 1]time.Duration
	n   [PhaseEnd + 1]int
}

func (s *phaseTimes) add(p Phase, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum[p] += d
	s.n[p]++
}

func (s *phaseTimes) report(b *testing.B) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := PhaseAdd; p <= PhaseEnd; p++ {
		if s.n[p] > 0 {
			b.ReportMetric(float64(s.sum[p].Microseconds())/float64(s.n[p])/1000, "ms/"+p.String())
			b.ReportMetric(float64(s.n[p])/float64(max(1, s.n[PhaseEnd])), p.String()+"/commit")
		}
	}
}

// BenchmarkSend is Send alone: the records are dropped every 100,000.
func BenchmarkSend(b *testing.B) {
	c := newCluster(b, 1)
	p := c.producer(b, func(cfg *Config) { cfg.Linger, cfg.BatchBytes, cfg.BufferBytes = time.Hour, 1<<30, 1<<40 })
	h := topic(b, p, "a")
	key, value := []byte("0123456789abcdef"), make([]byte, 84)
	b.ReportAllocs()
	for i := range b.N {
		if err := h.Send(int32(i&3), key, value, int64(i), nil); err != nil {
			b.Fatal(err)
		}
		if i%100_000 == 99_999 {
			p.drop()
		}
	}
}

// drop releases what is buffered, as acknowledgements would.
func (p *Producer) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pt := range p.mu.opened {
		p.releaseLocked(pt.open)
		pt.open = nil
	}
	p.mu.opened = nil
}

// BenchmarkEncode is what the sender does for one batch before the client
// library encodes it.
func BenchmarkEncode(b *testing.B) {
	p := &Producer{}
	bt := &batch{}
	key, value := []byte("0123456789abcdef"), make([]byte, 84)
	for range 2000 {
		if need := bodySize(key, value, nil); !bt.room(need) {
			bt.chunks = append(bt.chunks, p.takeChunkLocked(need))
		}
		bt.append(key, value, 1, nil)
	}
	var s scratch
	b.ReportAllocs()
	for b.Loop() {
		s.reserve(2000)
		s.fill(bt, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/record")
}
