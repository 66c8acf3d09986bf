package task

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestFaults lets one request of a commit go wrong in every way that has a road of
// its own through the worker. Whatever the road, each record must count once.
func TestFaults(t *testing.T) {
	answer := func(key kmsg.Key, err *kerr.Error) func(*rig, *lossy) func() int {
		return func(g *rig, _ *lossy) func() int {
			f := kfake.Fault{Keys: []kmsg.Key{key}, Err: err}
			if key == kmsg.Produce {
				f.Topic = "out" // the test writes to the other one
			}
			return g.Fault(f).Hits
		}
	}
	lost := func(key kmsg.Key) func(*rig, *lossy) func() int {
		return func(_ *rig, l *lossy) func() int {
			l.key.Store(int32(key))
			return func() int { return int(l.lost.Load()) }
		}
	}
	for name, inject := range map[string]func(*rig, *lossy) (hits func() int){
		"leader moves":                answer(kmsg.Produce, kerr.NotLeaderForPartition),
		"records are missing":         answer(kmsg.Produce, kerr.OutOfOrderSequenceNumber),
		"produce, answer lost":        lost(kmsg.Produce),
		"partitions, not done":        answer(kmsg.AddPartitionsToTxn, kerr.InvalidTxnState),
		"partitions, answer lost":     lost(kmsg.AddPartitionsToTxn),
		"partitions, fenced":          answer(kmsg.AddPartitionsToTxn, kerr.ProducerFenced),
		"group, answer lost":          lost(kmsg.AddOffsetsToTxn),
		"group, old epoch":            answer(kmsg.AddOffsetsToTxn, kerr.InvalidProducerEpoch),
		"offsets, answer lost":        lost(kmsg.TxnOffsetCommit),
		"offsets, member unknown":     answer(kmsg.TxnOffsetCommit, kerr.UnknownMemberID),
		"offsets, coordinator moves":  answer(kmsg.TxnOffsetCommit, kerr.NotCoordinator),
		"offsets, generation over":    rebalanceAfter(kerr.IllegalGeneration),
		"offsets, rebalance":          rebalanceAfter(kerr.RebalanceInProgress),
		"end, not done":               answer(kmsg.EndTxn, kerr.RequestTimedOut),
		"end, answer lost":            lost(kmsg.EndTxn),
		"end, fenced":                 answer(kmsg.EndTxn, kerr.ProducerFenced),
		"end, aborted by the brokers": answer(kmsg.EndTxn, kerr.InvalidTxnState),
		"heartbeat, member unknown":   answer(kmsg.Heartbeat, kerr.UnknownMemberID),
		"heartbeat, generation over":  answer(kmsg.Heartbeat, kerr.IllegalGeneration),
		"join, member unknown":        rejoinRefused,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, 2)
			var l lossy
			g.conf = l.config()
			halt := g.run()
			g.produce(20, 0, 1)
			g.await(20, 0, 1)
			hits := inject(g, &l)
			g.produce(300, 0, 1)
			g.await(320, 0, 1)
			n := 320
			for hits() == 0 { // a heartbeat comes by itself
				g.produce(1, 0, 1)
				n++
				g.await(n, 0, 1)
			}
			g.produce(10, 0, 1)
			n += 10
			g.await(n, 0, 1)
			g.must(halt())
			g.check(n, 0, 1)
		})
	}
}

// rebalanceAfter has the group refuse a commit's offsets, and tell of the rebalance
// with the next heartbeat.
func rebalanceAfter(err *kerr.Error) func(*rig, *lossy) func() int {
	return func(g *rig, _ *lossy) func() int {
		var refused atomic.Bool
		g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: err, When: func(kmsg.Request) bool {
			refused.Store(true)
			return true
		}})
		return g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress,
			When: func(kmsg.Request) bool { return refused.Load() }}).Hits
	}
}

// rejoinRefused has the member join a rebalance, and the group not know it then.
func rejoinRefused(g *rig, _ *lossy) func() int {
	h := g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.UnknownMemberID})
	g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress})
	return h.Hits
}

// lossy dials connections that lose the answer to one chosen request: the broker
// has processed it, the client never learns.
type lossy struct {
	key  atomic.Int32 // API key of the request to lose, -1 for none
	lost atomic.Int64
}

func (l *lossy) config() *sarama.Config {
	l.key.Store(-1)
	conf := sarama.NewConfig()
	conf.Net.Proxy.Enable = true
	conf.Net.Proxy.Dialer = l
	return conf
}

// Dial connects.
func (l *lossy) Dial(network, addr string) (net.Conn, error) {
	c, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return &lossyConn{Conn: c, l: l}, nil
}

type lossyConn struct {
	net.Conn
	l      *lossy
	losing atomic.Bool
}

// Write looks at the API key behind the request's length.
func (c *lossyConn) Write(b []byte) (int, error) {
	if len(b) >= 6 && c.l.key.CompareAndSwap(int32(binary.BigEndian.Uint16(b[4:])), -1) {
		c.losing.Store(true)
	}
	return c.Conn.Write(b)
}

// Read waits for the answer to lose, so that the request was processed.
func (c *lossyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.losing.Load() {
		c.l.lost.Add(1)
		_ = c.Conn.Close() // the connection is lost on purpose
		return 0, net.ErrClosed
	}
	return n, err
}
