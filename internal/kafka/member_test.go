package kafka

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
)

// spread gives partitions to members in turn, in the order of their ids.
type spread struct{}

func (spread) Balance(members []MemberInfo, partitions map[string]int32) (map[string][]record.TopicPartition, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b MemberInfo) int { return cmp.Compare(a.ID, b.ID) })
	wish := make(map[string][]record.TopicPartition)
	i := 0
	for topic, n := range partitions {
		for p := range n {
			id := members[i%len(members)].ID
			wish[id] = append(wish[id], tp(topic, p))
			i++
		}
	}
	return wish, nil
}

func memberConfig() MemberConfig {
	return MemberConfig{
		Group: "g", ProtocolName: "test", Topics: []string{"in"}, Balancer: spread{},
		SessionTimeout: 10 * time.Second, HeartbeatInterval: 50 * time.Millisecond, RebalanceTimeout: 20 * time.Second,
	}
}

func startMember(t *testing.T, cl *kfake.Cluster, cfg MemberConfig) *Member {
	t.Helper()
	m := NewMember(newTestClient(t, cl), cfg)
	m.Start(context.Background())
	t.Cleanup(m.Close)
	return m
}

func nextEvent(t *testing.T, m *Member, want EventKind) Event {
	t.Helper()
	select {
	case e := <-m.Events():
		if e.Kind != want {
			t.Fatalf("event %+v, want kind %d", e, want)
		}
		return e
	case <-testContext(t).Done():
		t.Fatalf("no event, want kind %d", want)
	}
	return Event{}
}

func TestMemberAlone(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(3, "in"))
	m := startMember(t, cl, memberConfig())
	e := nextEvent(t, m, Assigned)
	if want := []record.TopicPartition{tp("in", 0), tp("in", 1), tp("in", 2)}; !slices.Equal(e.Partitions, want) {
		t.Errorf("assigned %v, want %v", e.Partitions, want)
	}
	if m.Rebalancing() || m.Meta().Generation != e.Generation || m.Meta().MemberID == "" {
		t.Errorf("after the assignment: rebalancing %t, meta %+v", m.Rebalancing(), m.Meta())
	}
	if err := m.EnsureAlive(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if err := m.Leave(t.Context()); err != nil {
		t.Error(err)
	}
	if g := cl.GroupInfo("g"); g != nil && len(g.Members) > 0 {
		t.Errorf("members left behind: %+v", g.Members)
	}
}

// worker answers a member's events as the runtime does.
type worker struct {
	m     *Member
	owned []record.TopicPartition
}

// handle carries out one event and reports whether the worker has settled on an
// assignment.
func (w *worker) handle(t *testing.T, e Event) bool {
	t.Helper()
	switch e.Kind {
	case RebalanceNeeded:
		w.m.Rejoin(w.owned)
	case Assigned:
		kept := slices.DeleteFunc(slices.Clone(w.owned), func(p record.TopicPartition) bool { return !slices.Contains(e.Partitions, p) })
		revoked := len(kept) < len(w.owned)
		w.owned = e.Partitions
		if revoked {
			w.m.Rejoin(w.owned)
		}
		return !revoked
	default:
		t.Fatalf("event %+v", e)
	}
	return false
}

// TestCooperativeHandOver lets a second member come and go, and checks at each
// event that no partition has two owners.
func TestCooperativeHandOver(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(4, "in"))
	a := &worker{m: startMember(t, cl, memberConfig())}
	a.handle(t, nextEvent(t, a.m, Assigned))
	if len(a.owned) != 4 {
		t.Fatalf("alone: %v", a.owned)
	}
	b := &worker{m: startMember(t, cl, memberConfig())}
	balance(t, a, b, 2)
	ctx := testContext(t)
	if err := b.m.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	for len(a.owned) != 4 {
		select {
		case e := <-a.m.Events():
			a.handle(t, e)
		case <-ctx.Done():
			t.Fatalf("the partitions weren't taken over: %v", a.owned)
		}
	}
}

// balance handles the events of two workers until each has n partitions, and
// checks after each event that none has two owners.
func balance(t *testing.T, a, b *worker, n int) {
	t.Helper()
	ctx := testContext(t)
	for len(a.owned) != n || len(b.owned) != n || a.m.Rebalancing() || b.m.Rebalancing() {
		select {
		case e := <-a.m.Events():
			a.handle(t, e)
		case e := <-b.m.Events():
			b.handle(t, e)
		case <-ctx.Done():
			t.Fatalf("no balance: %v and %v", a.owned, b.owned)
		}
		for _, p := range a.owned {
			if slices.Contains(b.owned, p) {
				t.Fatalf("%s has two owners", p)
			}
		}
	}
}

// nextAny returns the next event, whatever it is.
func nextAny(t *testing.T, m *Member) Event {
	t.Helper()
	select {
	case e := <-m.Events():
		return e
	case <-testContext(t).Done():
		t.Fatal("no event")
	}
	return Event{}
}

// controlHeartbeat answers heartbeats with code until it's 0.
func controlHeartbeat(cl *kfake.Cluster, code *atomic.Int32) {
	cl.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cl.KeepControl()
		if c := int16(code.Load()); c != 0 {
			resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
			resp.ErrorCode = c
			return resp, nil, true
		}
		return nil, nil, false
	})
}

func TestHeartbeatErrors(t *testing.T) {
	for _, tc := range []struct {
		code *kerr.Error
		want EventKind
	}{
		{kerr.UnknownMemberID, Lost},
		{kerr.IllegalGeneration, Lost},
		{kerr.RebalanceInProgress, RebalanceNeeded},
		{kerr.FencedInstanceID, Failed},
		{kerr.GroupAuthorizationFailed, Failed},
	} {
		t.Run(tc.code.Message, func(t *testing.T) {
			cl := newCluster(t, kfake.SeedTopics(1, "in"))
			var code atomic.Int32
			controlHeartbeat(cl, &code)
			m := startMember(t, cl, memberConfig())
			nextEvent(t, m, Assigned)
			code.Store(int32(tc.code.Code))
			e := nextEvent(t, m, tc.want)
			if e.Err != nil && !errors.Is(e.Err, sarama.KError(tc.code.Code)) {
				t.Errorf("cause %v, want %s", e.Err, tc.code.Message)
			}
		})
	}
}

func TestLostThenRejoin(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	m := startMember(t, cl, memberConfig())
	first := nextEvent(t, m, Assigned)
	evict(t, cl, m.Meta())
	if e := nextEvent(t, m, Lost); Classify(e.Err) != Rejoin {
		t.Errorf("cause %v", e.Err)
	}
	if err := m.EnsureAlive(t.Context(), time.Hour); Classify(err) != Rejoin {
		t.Errorf("EnsureAlive after the loss: %v", err)
	}
	// A worker that hasn't seen the loss yet must not get in again with what it
	// believes to own.
	m.Rejoin(first.Partitions)
	m.mu.Lock()
	pending := m.mu.request != nil
	m.mu.Unlock()
	if pending {
		t.Error("a stale request to join was accepted")
	}
	m.Rejoin(nil)
	if e := nextEvent(t, m, Assigned); len(e.Partitions) != 1 {
		t.Errorf("assigned %v", e.Partitions)
	}
	if err := m.EnsureAlive(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

// TestMissedRebalance: the group has completed a generation without the member, in
// which others may have been given what it claims.
func TestMissedRebalance(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	m := startMember(t, cl, memberConfig())
	first := nextEvent(t, m, Assigned)
	cl.ControlKey(int16(kmsg.JoinGroup), func(r kmsg.Request) (kmsg.Response, error, bool) {
		req := r.(*kmsg.JoinGroupRequest)
		resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
		resp.Generation, resp.MemberID, resp.LeaderID = first.Generation+2, req.MemberID, "another"
		resp.Protocol, resp.ProtocolType = &req.Protocols[0].Name, &req.ProtocolType
		return resp, nil, true
	})
	m.Rejoin(first.Partitions)
	if e := nextEvent(t, m, Lost); !errors.Is(e.Err, errMissed) {
		t.Errorf("cause %v", e.Err)
	}
	m.Rejoin(nil)
	if e := nextEvent(t, m, Assigned); len(e.Partitions) != 1 {
		t.Errorf("assigned %v", e.Partitions)
	}
}

// evict takes a member out of its group behind its back.
func evict(t *testing.T, cl *kfake.Cluster, meta GroupMeta) {
	t.Helper()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = meta.Group
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID = meta.MemberID
	req.Members = append(req.Members, member)
	resp, err := req.RequestWith(testContext(t), newProducer(t, cl))
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTransientHeartbeatErrors shows that trouble with the coordinator alone
// costs nobody their partitions.
func TestTransientHeartbeatErrors(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	var answered atomic.Int32
	codes := []int16{kerr.NotCoordinator.Code, kerr.CoordinatorNotAvailable.Code, kerr.CoordinatorLoadInProgress.Code}
	m := startMember(t, cl, memberConfig())
	nextEvent(t, m, Assigned)
	cl.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cl.KeepControl()
		n := int(answered.Add(1)) - 1
		if n >= len(codes) {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = codes[n]
		return resp, nil, true
	})
	for int(answered.Load()) <= len(codes) {
		if err := m.EnsureAlive(t.Context(), 0); err != nil && !Classify(err).Transient() {
			t.Fatal(err)
		}
	}
	select {
	case e := <-m.Events():
		t.Errorf("event %+v", e)
	default:
	}
}

func TestWorkerStaysAway(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	cfg := memberConfig()
	cfg.RebalanceTimeout = 200 * time.Millisecond
	m := startMember(t, cl, cfg)
	nextEvent(t, m, Assigned)
	if e := nextEvent(t, m, Lost); !errors.Is(e.Err, ErrPollExceeded) {
		t.Errorf("cause %v", e.Err)
	}
	if g := cl.GroupInfo("g"); g != nil && len(g.Members) > 0 {
		t.Errorf("still in the group: %+v", g.Members)
	}
	m.Rejoin(nil)
	nextEvent(t, m, Assigned)
}

// TestCloseDuringJoin closes a member whose join waits for another that doesn't
// come: it must not wait with it.
func TestCloseDuringJoin(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	a := startMember(t, cl, memberConfig())
	nextEvent(t, a, Assigned)
	b := startMember(t, cl, memberConfig())
	nextEvent(t, a, RebalanceNeeded)
	if err := b.Leave(testContext(t)); err != nil {
		t.Error(err)
	}
	if !a.Rebalancing() {
		t.Error("the first member doesn't know of the rebalance")
	}
}

// TestAliveDuringJoin sends heartbeats and commits while a join is pending.
func TestAliveDuringJoin(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"))
	a := startMember(t, cl, memberConfig())
	first := nextEvent(t, a, Assigned)
	startMember(t, cl, memberConfig())
	nextEvent(t, a, RebalanceNeeded)
	if err := a.EnsureAlive(t.Context(), 0); err != nil {
		t.Error(err)
	}
	err := a.c.CommitOffsets(t.Context(), a.Meta(), map[record.TopicPartition]Offset{tp("in", 0): {At: 7}})
	if err != nil {
		t.Errorf("commit in the old generation: %v", err)
	}
	a.Rejoin(first.Partitions)
	nextEvent(t, a, Assigned)
}

func TestBalancerFails(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	cfg := memberConfig()
	cause := errors.New("no way")
	cfg.Balancer = balanceFunc(func() (map[string][]record.TopicPartition, error) { return nil, cause })
	m := startMember(t, cl, cfg)
	if e := nextEvent(t, m, Failed); !errors.Is(e.Err, cause) {
		t.Errorf("cause %v", e.Err)
	}
	if err := m.Leave(testContext(t)); err != nil {
		t.Error(err)
	}
}

type balanceFunc func() (map[string][]record.TopicPartition, error)

func (f balanceFunc) Balance([]MemberInfo, map[string]int32) (map[string][]record.TopicPartition, error) {
	return f()
}

// TestAssignedNamesItsJoin lets the worker call Rejoin again before it has seen
// the assignment of the call before: it must be able to tell that it's outdated.
func TestAssignedNamesItsJoin(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	m := NewMember(newTestClient(t, cl), memberConfig())
	t.Cleanup(m.Close)
	calls := []uint64{m.Start(context.Background())}
	if e := nextEvent(t, m, Assigned); e.Join != calls[0] {
		t.Errorf("the first assignment answers call %d, want %d", e.Join, calls[0])
	}
	calls = append(calls, m.Rejoin(nil))
	for len(m.Events()) == 0 {
		runtime.Gosched()
	}
	calls = append(calls, m.Rejoin(nil))
	for _, want := range calls[1:] {
		if e := nextEvent(t, m, Assigned); e.Join != want {
			t.Errorf("assignment of call %d, want %d", e.Join, want)
		}
	}
}
