package eosv2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// real is a topic and names of its own on a real broker.
type real struct {
	addr, topic, id string
	group           Group
	client          sarama.Client
}

func newReal(t testing.TB, addr string, tune ...func(*sarama.Config)) *real {
	t.Helper()
	r := &real{addr: addr, topic: kafkatest.Unique("out"), id: kafkatest.Unique("id")}
	r.group = Group{ID: kafkatest.Unique("group"), Generation: -1}
	kafkatest.CreateTopic(t, addr, r.topic, 4, nil)
	r.client = newClient(t, strings.Split(addr, ","), tune...)
	return r
}

func (r *real) producer(t testing.TB, tune ...func(*Config)) *Producer {
	t.Helper()
	c := cluster{client: r.client}
	return c.producer(t, append([]func(*Config){func(cfg *Config) { cfg.TransactionalID = r.id }}, tune...)...)
}

func (r *real) wantValues(t testing.TB, partition int32, want ...string) {
	t.Helper()
	if got := values(kafkatest.ConsumeAll(t, r.addr, r.topic), partition); !slices.Equal(got, want) {
		t.Fatalf("%s-%d holds %v, want %v", r.topic, partition, got, want)
	}
}

// TestRealBackToBack: the next transaction begins while the broker still writes
// the markers of the one before.
func TestRealBackToBack(t *testing.T) {
	r := newReal(t, kafkatest.Shared(t))
	p := r.producer(t)
	h := topic(t, p, r.topic)
	want := make([][]string, 4)
	for i := range 200 {
		for n := range int32(4) {
			v := fmt.Sprint(i)
			want[n] = append(want[n], v)
			send(t, h, n, v)
		}
		must(t, p.SendOffsets(t.Context(), r.group, at(r.topic, 0, int64(i))))
		must(t, p.Commit(t.Context()))
	}
	for n := range want {
		r.wantValues(t, int32(n), want[n]...)
	}
	if got := kafkatest.CommittedOffsets(t, r.addr, r.group.ID)[r.topic][0]; got != 199 {
		t.Errorf("committed %d", got)
	}
	if open := kafkatest.OpenTransactions(t, r.addr, r.id); len(open) > 0 {
		t.Errorf("open transactions: %v", open)
	}
}

// TestRealSuccessorFences: whatever code the broker chooses, the first producer
// does not take the id back unasked.
func TestRealSuccessorFences(t *testing.T) {
	for name, step := range map[string]func(*testing.T, *Producer, *Topic, Group) error{
		"produce": func(t *testing.T, p *Producer, h *Topic, _ Group) error {
			send(t, h, 0, "zombie")
			return p.Flush(t.Context())
		},
		"add partitions": func(t *testing.T, p *Producer, h *Topic, _ Group) error {
			send(t, h, 1, "zombie")
			return p.Flush(t.Context())
		},
		"send offsets": func(t *testing.T, p *Producer, h *Topic, g Group) error {
			return p.SendOffsets(t.Context(), g, at(h.name, 0, 1))
		},
		"commit": func(t *testing.T, p *Producer, _ *Topic, _ Group) error { return p.Commit(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newReal(t, kafkatest.Shared(t))
			first := r.producer(t)
			h := topic(t, first, r.topic)
			send(t, h, 0, "first")
			must(t, first.Flush(t.Context()))
			second := r.producer(t)
			send(t, topic(t, second, r.topic), 0, "second")
			err := step(t, first, h, r.group)
			t.Log(err)
			if ClassOf(err) == ClassAbort {
				err = first.Init(t.Context())
				wantClass(t, err, ClassFenced)
				wantClass(t, second.Commit(t.Context()), ClassFenced)
				return
			}
			wantClass(t, err, ClassFenced)
			must(t, second.Commit(t.Context()))
			r.wantValues(t, 0, "second")
			must(t, first.Init(t.Context()))
		})
	}
}

// TestRealAborts: our own aborts are never taken for another's.
func TestRealAborts(t *testing.T) {
	r := newReal(t, kafkatest.Shared(t))
	p := r.producer(t)
	h := topic(t, p, r.topic)
	for range 20 {
		send(t, h, 0, "aborted")
		must(t, p.Flush(t.Context()))
		must(t, p.SendOffsets(t.Context(), r.group, at(r.topic, 0, 5)))
		must(t, p.Abort(t.Context()))
		must(t, p.Init(t.Context()))
	}
	send(t, h, 0, "kept")
	must(t, p.Commit(t.Context()))
	r.wantValues(t, 0, "kept")
	if got, ok := kafkatest.CommittedOffsets(t, r.addr, r.group.ID)[r.topic][0]; ok {
		t.Errorf("aborted offset %d is committed", got)
	}
}

// TestRealLostAnswers as TestLostAnswersAreNotGuessed.
func TestRealLostAnswers(t *testing.T) {
	var l lossy
	r := newReal(t, kafkatest.Shared(t), l.use)
	p := r.producer(t)
	h := topic(t, p, r.topic)
	write := func(v string, offset int64) error {
		if err := h.Send(0, nil, []byte(v), 0, nil); err != nil {
			return err
		}
		if err := p.SendOffsets(t.Context(), r.group, at(r.topic, 0, offset)); err != nil {
			return err
		}
		return p.Commit(t.Context())
	}
	var want []string
	keys := []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.Produce, kmsg.EndTxn}
	must(t, write("0", 0))
	want = append(want, "0")
	for i, key := range keys {
		v, offset := fmt.Sprint(i+1), int64(i+1)
		want = append(want, v)
		l.lose(int16(key))
		err := write(v, offset)
		if key == kmsg.Produce {
			must(t, err)
		} else if e := wantClass(t, err, ClassAbort); !e.Unknown {
			t.Fatal(e)
		}
		must(t, p.Init(t.Context()))
		if kafkatest.CommittedOffsets(t, r.addr, r.group.ID)[r.topic][0] != offset {
			must(t, write(v, offset))
		}
	}
	if got := l.lost.Load(); int(got) != len(keys) {
		t.Errorf("%d answers lost, want %d", got, len(keys))
	}
	r.wantValues(t, 0, want...)
}

// TestRealOwnTimeout: the coordinator aborted the transaction; nobody else had
// the id.
func TestRealOwnTimeout(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.Property("transaction.abort.timed.out.transaction.cleanup.interval.ms", "100"))
	for name, step := range map[string]func(*Producer, *Topic, Group) error{
		"produce": func(p *Producer, h *Topic, _ Group) error {
			send(t, h, 0, "late")
			return p.Flush(t.Context())
		},
		"commit": func(p *Producer, _ *Topic, _ Group) error { return p.Commit(t.Context()) },
		"send offsets": func(p *Producer, h *Topic, g Group) error {
			return p.SendOffsets(t.Context(), g, at(h.name, 0, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReal(t, b.Addr)
			p := r.producer(t, func(cfg *Config) { cfg.TransactionTimeout = time.Second })
			h := topic(t, p, r.topic)
			// On a slow machine the timeout may pass in the middle of what shouldn't fail.
			inTime := func(value string, step func() error) {
				t.Helper()
				send(t, h, 0, value)
				for err := step(); err != nil; err = step() {
					wantClass(t, err, ClassAbort)
					must(t, p.Init(t.Context()))
					send(t, h, 0, value)
				}
			}
			inTime("lost", func() error { return p.Flush(t.Context()) })
			for len(kafkatest.OpenProducers(t, r.addr, r.topic)) > 0 {
				if t.Context().Err() != nil {
					t.Fatal("the transaction did not time out")
				}
			}
			err := step(p, h, r.group)
			t.Log(err)
			wantClass(t, err, ClassAbort)
			must(t, p.Init(t.Context()))
			inTime("again", func() error { return p.Commit(t.Context()) })
			r.wantValues(t, 0, "again")
		})
	}
}

// TestRealGroupFencing: the group refuses a member it does not know (KIP-447).
func TestRealGroupFencing(t *testing.T) {
	r := newReal(t, kafkatest.Shared(t))
	p := r.producer(t)
	g := r.group
	g.MemberID, g.Generation = "nobody", 3
	err := p.SendOffsets(t.Context(), g, at(r.topic, 0, 1))
	if c := ClassOf(err); c != ClassRejoin && c != ClassGeneration {
		t.Fatal(err)
	}
	if errors.Is(err, sarama.ErrUnknownMemberId) && p.InTransaction() {
		t.Fatal("the transaction of an unknown member is still open")
	}
}
