package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// MemberConfig configures a Member. Group, ProtocolName, Topics and Balancer are
// needed.
type MemberConfig struct {
	// Group is the group's id.
	Group string
	// InstanceID makes the member a static one (KIP-345): started again within the
	// session timeout, it gets its partitions back without a rebalance.
	InstanceID string
	// SessionTimeout is how long the group waits for a heartbeat before it gives
	// the member's partitions to others. Default 45 s.
	SessionTimeout time.Duration
	// HeartbeatInterval defaults to 3 s. It has to be well below SessionTimeout.
	HeartbeatInterval time.Duration
	// RebalanceTimeout is how long a rebalance waits for the worker, and how long
	// the worker may stay away from Poll. Default 5 minutes.
	RebalanceTimeout time.Duration
	// ProtocolName names the way partitions are assigned. All members of a group
	// must use the same.
	ProtocolName string
	// Topics are the subscribed topics.
	Topics []string
	// Subscription returns the topics of the next join, on the member's goroutine. Nil
	// where they are always Topics.
	Subscription func(context.Context) ([]string, error)
	// UserData is what the leader's Balancer is told about this member. It's called
	// at each join, on the member's goroutine. Nil means no data.
	UserData func() ([]byte, error)
	// Balancer assigns the partitions when this member leads the group.
	Balancer Balancer
	// Unit names what a partition is a part of, where a member must own all of that or
	// nothing. Nil where each partition is by itself.
	Unit func(record.TopicPartition) string
	// AssignmentData is what the leader tells all members with their assignments. It's
	// called behind Balance. Nil means no data.
	AssignmentData func() ([]byte, error)
	// Observer is told what happens, for metrics.
	Observer MemberObserver
}

// MemberObserver has functions that are called on the member's goroutine and,
// for heartbeats, on that of the caller of EnsureAlive. Any may be nil.
type MemberObserver struct {
	// Heartbeat is called after each heartbeat with its duration and outcome.
	Heartbeat func(d time.Duration, err error)
	// Join is called after each attempt to join with its duration, which includes
	// waiting for the other members, and outcome.
	Join func(d time.Duration, err error)
}

func (c MemberConfig) withDefaults() MemberConfig {
	c.SessionTimeout = cmp.Or(c.SessionTimeout, 45*time.Second)
	c.HeartbeatInterval = cmp.Or(c.HeartbeatInterval, 3*time.Second)
	c.RebalanceTimeout = cmp.Or(c.RebalanceTimeout, 5*time.Minute)
	if c.Subscription == nil {
		c.Subscription = func(context.Context) ([]string, error) { return c.Topics, nil }
	}
	if c.Unit == nil {
		c.Unit = record.TopicPartition.String
	}
	if c.UserData == nil {
		c.UserData = func() ([]byte, error) { return nil, nil }
	}
	if c.Observer.Heartbeat == nil {
		c.Observer.Heartbeat = func(time.Duration, error) {}
	}
	if c.Observer.Join == nil {
		c.Observer.Join = func(time.Duration, error) {}
	}
	return c
}

// EventKind says what a member's event means.
type EventKind uint8

// The kinds of events.
const (
	// RebalanceNeeded: another member has come or gone, or gives partitions back.
	// The worker commits and calls Rejoin. Until then, and while the others join,
	// everything goes on in the old generation.
	RebalanceNeeded EventKind = iota + 1
	// Assigned: a rebalance is over. The worker gives up what it owns beyond
	// Partitions, and if that was anything, commits and calls Rejoin once more, so
	// that others may have it (KIP-429).
	Assigned
	// Lost: the membership is over, and others may own the partitions already. The
	// worker drops everything, commits nothing and calls Rejoin(nil).
	Lost
	// Failed: the member can't take part and has stopped. Err says what to do.
	Failed
)

// Event is what a member tells its worker.
type Event struct {
	Kind EventKind
	// Join is set for Assigned: which call of Rejoin it answers. One that answers an
	// earlier call than the last is outdated, since the join under way claims what
	// the worker owned at the last call, and nothing else is kept for it.
	Join uint64
	// Generation and Partitions are set for Assigned.
	Generation int32
	Partitions []record.TopicPartition
	// Data is set for Assigned to what the leader has told with the assignment.
	Data []byte
	// Err is the cause of Lost and Failed.
	Err error
}

// Member is one membership of a consumer group, in the classic protocol with
// cooperative rebalancing. It runs one goroutine, which joins, sends heartbeats
// and watches that the worker comes round.
//
//	joining --Assigned--> stable --RebalanceNeeded--> called on --Rejoin--> joining
//	stable, called on, joining --Lost--> out --Rejoin(nil)--> joining
//	any --Failed--> stopped
//
// No event is dropped or overwritten, and each join answers one call of Rejoin
// (the first one answers Start), so few of them are ever waiting.
type Member struct {
	c      *Client
	cfg    MemberConfig
	events chan Event
	// requested signals that mu.request was set.
	requested chan struct{}
	cancel    context.CancelFunc
	wg        sync.WaitGroup

	// claimed is the generation in which the partitions of the last assignment
	// were given. It belongs to the goroutine.
	claimed int32
	// joined is the generation that the group answered the last join with.
	joined int32

	// mu is never held during a request.
	mu struct {
		sync.Mutex
		meta GroupMeta
		// alive is when the last heartbeat that the group accepted was sent.
		alive time.Time
		// polled is when the worker came round last.
		polled      time.Time
		rebalancing bool
		// out is set from Lost until the worker joins again.
		out bool
		// request is what the worker owns when it wants to join, if it does.
		request *[]record.TopicPartition
		// joins numbers the calls of Rejoin.
		joins uint64
	}
}

// NewMember makes a member that uses the connections of c, which should serve
// nothing that holds them up for long, such as fetches.
func NewMember(c *Client, cfg MemberConfig) *Member {
	m := &Member{c: c, cfg: cfg.withDefaults(), events: make(chan Event, 16), requested: make(chan struct{}, 1), claimed: -1}
	m.mu.meta = GroupMeta{Group: cfg.Group, InstanceID: cfg.InstanceID, Generation: -1}
	return m
}

// Start joins the group, which counts as a call of Rejoin. The member works until
// Leave, Close or the end of ctx.
func (m *Member) Start(ctx context.Context) uint64 {
	ctx, m.cancel = context.WithCancel(ctx)
	n := m.Rejoin(nil)
	m.wg.Go(func() { m.run(ctx) })
	return n
}

// Events returns the channel of events, which come in order. It's never closed.
func (m *Member) Events() <-chan Event { return m.events }

// Rejoin joins the next generation. It's the answer to RebalanceNeeded and
// Lost, and the way to give partitions back after Assigned. Owned is what the
// worker keeps for now. The outcome comes as an event that carries the returned
// number, which is 0 where the call comes too late: a Lost is on its way then.
func (m *Member) Rejoin(owned []record.TopicPartition) uint64 {
	owned = slices.Clone(owned)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.polled = time.Now()
	// A worker that still owns something hasn't seen Lost yet. Were it to join with
	// that, it would become able to commit for partitions that aren't its own.
	if m.mu.out && len(owned) > 0 {
		return 0
	}
	m.mu.request = &owned
	m.mu.joins++
	m.mu.rebalancing = true
	wake(m.requested)
	return m.mu.joins
}

// Meta returns the current generation's membership. Outside of any, the
// generation is -1.
func (m *Member) Meta() GroupMeta {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.meta
}

// Rebalancing reports whether a rebalance is under way: from the first notice of
// it to the new assignment.
func (m *Member) Rebalancing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.rebalancing
}

// Poll says that the worker has come round. A worker that stays away for longer
// than RebalanceTimeout makes the member leave the group.
func (m *Member) Poll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.polled = time.Now()
}

// EnsureAlive makes sure that the group accepted a heartbeat of this generation
// within maxAge, and sends one if it didn't. A rebalance under way isn't an
// error: the generation is valid until all members have joined the next.
func (m *Member) EnsureAlive(ctx context.Context, maxAge time.Duration) error {
	m.mu.Lock()
	out, fresh := m.mu.meta.Generation < 0, time.Since(m.mu.alive) <= maxAge
	m.mu.Unlock()
	if out {
		return fmt.Errorf("kafka: group %s: not a member: %w", m.cfg.Group, sarama.ErrUnknownMemberId)
	}
	if fresh {
		return nil
	}
	if err := m.heartbeat(ctx); err != nil && !isRebalance(err) {
		return err
	}
	return nil
}

// Close stops the member without leaving the group: its partitions stay with it
// until the session times out.
func (m *Member) Close() {
	if m.cancel != nil {
		m.cancel()
	}
	m.wg.Wait()
}

// Leave stops the member and takes it out of the group for good, a static member
// too, so that others, or the next start, get its partitions at once.
func (m *Member) Leave(ctx context.Context) error {
	m.Close()
	return m.leave(ctx)
}
