package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// protocolType is that of all consumers; the protocol's name sets this
// framework's groups apart.
const protocolType = "consumer"

// subscriptionVersion is the first with the generation of the owned partitions
// (KIP-792).
const subscriptionVersion = 2

// joinSlack is added to the rebalance timeout for the answer to a join: the
// broker waits for the slowest member, and then answers.
const joinSlack = 30 * time.Second

// answer joins the group if the worker wants to.
func (m *Member) answer(ctx context.Context) bool {
	owned, call, ok := m.takeRequest()
	if !ok {
		return true
	}
	for n := 0; ctx.Err() == nil; n++ {
		begun := time.Now()
		assigned, err := m.join(ctx, owned)
		m.cfg.Observer.Join(time.Since(begun), err)
		if errors.Is(err, errMissed) {
			return m.lose(ctx, err)
		}
		switch Classify(err) {
		case None:
			return m.settle(ctx, call, assigned)
		case Rejoin:
			if m.claimed >= 0 {
				return m.lose(ctx, err)
			}
			m.setMemberID("")
		case Retry, Refresh, Generation:
			// In the case of Generation, the next rebalance began before this one was
			// over. What's owned hasn't changed.
		case Canceled:
			return ctx.Err() == nil && m.fail(ctx, err)
		default:
			return m.fail(ctx, err)
		}
		if pause(ctx, backoff(n)) != nil {
			return false
		}
	}
	return false
}

// assignment is the outcome of a join.
type assignment struct {
	generation int32
	partitions []record.TopicPartition
	data       []byte
	synced     time.Time
}

// settle begins a generation. The worker learns of it by the event; that it may
// commit with the new generation before is safe, as nobody else is given what it
// owns.
func (m *Member) settle(ctx context.Context, call uint64, a assignment) bool {
	m.claimed = a.generation
	m.mu.Lock()
	m.mu.meta.Generation = a.generation
	m.mu.alive = a.synced
	m.mu.rebalancing = m.mu.request != nil
	m.mu.Unlock()
	return m.emit(ctx, Event{Kind: Assigned, Join: call, Generation: a.generation, Partitions: a.partitions, Data: a.data})
}

func (m *Member) setMemberID(id string) {
	m.mu.Lock()
	m.mu.meta.MemberID = id
	m.mu.Unlock()
}

// join makes one attempt to join the next generation and to learn the
// assignment. A join is answered when all members have joined, so it has a
// connection of its own: heartbeats and commits don't wait behind it.
func (m *Member) join(ctx context.Context, owned []record.TopicPartition) (assignment, error) {
	group := m.cfg.Group
	coordinator, err := m.c.coordinator(ctx, group)
	if err != nil {
		return assignment{}, fmt.Errorf("kafka: join group %s: %w", group, err)
	}
	d, conf := m.c.dialer.fork(), *m.c.conf
	conf.Net.Proxy.Dialer = d
	conf.Net.ReadTimeout = m.cfg.RebalanceTimeout + joinSlack
	b := sarama.NewBroker(coordinator.Addr())
	if err := b.Open(&conf); err != nil {
		return assignment{}, fmt.Errorf("kafka: join group %s: %w", group, err)
	}
	defer hangUp(b)
	call := func(f func() error) error { return callOn(ctx, d, b, f) }
	a, err := m.joinOn(ctx, b, call, owned)
	if err == nil {
		return a, nil
	}
	if Classify(err) == Refresh {
		m.c.forgetCoordinator(group, coordinator)
	}
	return a, fmt.Errorf("kafka: join group %s: %w", group, Needs(err, GroupResource, group, "Read"))
}

func (m *Member) joinOn(ctx context.Context, b *sarama.Broker, call func(func() error) error, owned []record.TopicPartition) (assignment, error) {
	joined, err := m.sendJoin(ctx, b, call, owned)
	if errors.Is(err, sarama.ErrMemberIdRequired) {
		// The answer brought the id to join with (KIP-394).
		joined, err = m.sendJoin(ctx, b, call, owned)
	}
	if err != nil {
		return assignment{}, err
	}
	if m.missed(joined.GenerationId) {
		return assignment{}, errMissed
	}
	var plan map[string][]record.TopicPartition
	if joined.LeaderId == joined.MemberId {
		if plan, err = m.lead(ctx, joined); err != nil {
			return assignment{}, err
		}
	}
	synced := time.Now()
	a, err := m.sendSync(b, call, joined, plan)
	a.generation, a.synced = joined.GenerationId, synced
	return a, err
}

// missed notes the generation of a join's answer, and reports whether the group has
// completed another since the last one. A dynamic member that didn't join it in time
// is out of the group, but a static one stays in it: what it still claims may have
// been given away, and it mustn't commit that with the generation it has got now.
func (m *Member) missed(generation int32) bool {
	before := m.joined
	m.joined = generation
	return m.claimed >= 0 && generation > before+1
}

func (m *Member) sendJoin(ctx context.Context, b *sarama.Broker, call func(func() error) error, owned []record.TopicPartition) (*sarama.JoinGroupResponse, error) {
	req, err := m.joinRequest(ctx, owned)
	if err != nil {
		return nil, err
	}
	var resp *sarama.JoinGroupResponse
	err = call(func() (err error) {
		resp, err = b.JoinGroup(req)
		return err
	})
	if err != nil {
		return nil, err
	}
	if resp.Err == sarama.ErrNoError || resp.Err == sarama.ErrMemberIdRequired {
		m.setMemberID(resp.MemberId)
	}
	return resp, errorOf(resp.Err)
}

func (m *Member) joinRequest(ctx context.Context, owned []record.TopicPartition) (*sarama.JoinGroupRequest, error) {
	topics, err := m.cfg.Subscription(ctx)
	if err != nil {
		return nil, fmt.Errorf("topics to subscribe to: %w", err)
	}
	data, err := m.cfg.UserData()
	if err != nil {
		return nil, fmt.Errorf("user data of the subscription: %w", err)
	}
	meta := m.Meta()
	req := sarama.NewJoinGroupRequest(m.c.conf.Version)
	req.GroupId = meta.Group
	req.MemberId = meta.MemberID
	req.GroupInstanceId = meta.instance()
	req.SessionTimeout = int32(m.cfg.SessionTimeout.Milliseconds())
	req.RebalanceTimeout = int32(m.cfg.RebalanceTimeout.Milliseconds())
	req.ProtocolType = protocolType
	err = req.AddGroupProtocolMetadata(m.cfg.ProtocolName, &sarama.ConsumerGroupMemberMetadata{
		Version: subscriptionVersion, Topics: topics, UserData: data,
		OwnedPartitions: ownedPartitions(owned), GenerationID: m.claimed,
	})
	return req, err
}

func (m *Member) sendSync(b *sarama.Broker, call func(func() error) error, joined *sarama.JoinGroupResponse, plan map[string][]record.TopicPartition) (a assignment, err error) {
	req, err := m.syncRequest(joined, plan)
	if err != nil {
		return a, err
	}
	var resp *sarama.SyncGroupResponse
	err = call(func() (err error) {
		resp, err = b.SyncGroup(req)
		return err
	})
	if err != nil {
		return a, err
	}
	if resp.Err != sarama.ErrNoError {
		return a, resp.Err
	}
	got, err := resp.GetMemberAssignment()
	if err != nil {
		return a, fmt.Errorf("assignment: %w", err)
	}
	a.data = got.UserData
	for topic, partitions := range got.Topics {
		for _, p := range partitions {
			a.partitions = append(a.partitions, record.TopicPartition{Topic: topic, Partition: p})
		}
	}
	slices.SortFunc(a.partitions, record.TopicPartition.Compare)
	return a, nil
}

func (m *Member) syncRequest(joined *sarama.JoinGroupResponse, plan map[string][]record.TopicPartition) (*sarama.SyncGroupRequest, error) {
	req := &sarama.SyncGroupRequest{
		Version: 5, GroupId: m.cfg.Group, MemberId: joined.MemberId, GenerationId: joined.GenerationId,
		GroupInstanceId: m.Meta().instance(),
		ProtocolType:    new(protocolType), ProtocolName: new(m.cfg.ProtocolName),
	}
	var data []byte
	if plan != nil && m.cfg.AssignmentData != nil {
		var err error
		if data, err = m.cfg.AssignmentData(); err != nil {
			return nil, fmt.Errorf("user data of the assignment: %w", err)
		}
	}
	for member, tps := range plan {
		err := req.AddGroupAssignmentMember(member, &sarama.ConsumerGroupMemberAssignment{Topics: byTopic(tps), UserData: data})
		if err != nil {
			return nil, fmt.Errorf("assignment of member %s: %w", member, err)
		}
	}
	return req, nil
}
