package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream/internal/record"
)

// Balancer decides which member should own which partitions. It's called on the
// leader of a group, on the member's goroutine.
type Balancer interface {
	// Balance returns the partitions of each member by its ID. Partitions holds
	// the counts of the subscribed topics; those that don't exist are absent. What
	// another live member still owns may be given away: it's held back here until
	// that member has let go of it. An error stops the leader.
	Balance(members []MemberInfo, partitions map[string]int32) (map[string][]record.TopicPartition, error)
}

// MemberInfo is what a Balancer knows of a member.
type MemberInfo struct {
	ID string
	// InstanceID is set for static members.
	InstanceID string
	Topics     []string
	UserData   []byte
	// Owned is what the member says it owns, since Generation.
	Owned      []record.TopicPartition
	Generation int32
}

// lead makes the assignment for all members.
func (m *Member) lead(ctx context.Context, joined *sarama.JoinGroupResponse) (map[string][]record.TopicPartition, error) {
	members, err := memberInfos(joined)
	if err != nil {
		return nil, err
	}
	var topics []string
	for _, mi := range members {
		topics = append(topics, mi.Topics...)
	}
	slices.Sort(topics)
	counts, err := m.c.Partitions(ctx, slices.Compact(topics)...)
	if err != nil {
		return nil, err
	}
	wish, err := m.cfg.Balancer.Balance(members, counts)
	if err != nil {
		return nil, fmt.Errorf("assigning partitions: %w", err)
	}
	if err := checkWish(wish, members); err != nil {
		return nil, fmt.Errorf("assigning partitions: %w", err)
	}
	return holdBack(wish, members, m.cfg.Unit), nil
}

func memberInfos(joined *sarama.JoinGroupResponse) ([]MemberInfo, error) {
	subscriptions, err := joined.GetMembers()
	if err != nil {
		return nil, fmt.Errorf("subscriptions of the members: %w", err)
	}
	members := make([]MemberInfo, 0, len(joined.Members))
	for _, gm := range joined.Members {
		s := subscriptions[gm.MemberId]
		mi := MemberInfo{ID: gm.MemberId, Topics: s.Topics, UserData: s.UserData, Generation: -1}
		if gm.GroupInstanceId != nil {
			mi.InstanceID = *gm.GroupInstanceId
		}
		if s.Version >= subscriptionVersion {
			mi.Generation = s.GenerationID
		}
		for _, o := range s.OwnedPartitions {
			for _, p := range o.Partitions {
				mi.Owned = append(mi.Owned, record.TopicPartition{Topic: o.Topic, Partition: p})
			}
		}
		members = append(members, mi)
	}
	return members, nil
}

// checkWish refuses assignments to nobody and to several members: either would
// break more than the group.
func checkWish(wish map[string][]record.TopicPartition, members []MemberInfo) error {
	given := make(map[record.TopicPartition]string)
	for id, tps := range wish {
		if !slices.ContainsFunc(members, func(mi MemberInfo) bool { return mi.ID == id }) {
			return fmt.Errorf("there is no member %q", id)
		}
		for _, tp := range tps {
			if other, ok := given[tp]; ok {
				return fmt.Errorf("%s is given to %q and to %q", tp, other, id)
			}
			given[tp] = id
		}
	}
	return nil
}

// holdBack takes out of the wish what another live member still owns (KIP-429).
// That member sees that it isn't assigned to it any more, gives it up and joins
// again; the next round then assigns it. What's a part of a unit is held back with
// all of it. All members are in the result.
func holdBack(wish map[string][]record.TopicPartition, members []MemberInfo, unit func(record.TopicPartition) string) map[string][]record.TopicPartition {
	owners := owners(members)
	plan := make(map[string][]record.TopicPartition, len(members))
	for _, mi := range members {
		plan[mi.ID] = nil
		held := map[string]bool{}
		for _, tp := range wish[mi.ID] {
			if owner, owned := owners[tp]; owned && owner != mi.ID {
				held[unit(tp)] = true
			}
		}
		for _, tp := range wish[mi.ID] {
			if !held[unit(tp)] {
				plan[mi.ID] = append(plan[mi.ID], tp)
			}
		}
	}
	return plan
}

// owners returns who owns each claimed partition: who claims it in the newest
// generation. Of two that claim it in the same generation neither can be
// believed; the owner is then nobody, the empty id, and both give it up.
func owners(members []MemberInfo) map[record.TopicPartition]string {
	type claim struct {
		member     string
		generation int32
	}
	newest := make(map[record.TopicPartition]claim)
	for _, mi := range members {
		for _, tp := range mi.Owned {
			c, ok := newest[tp]
			switch {
			case !ok || mi.Generation > c.generation:
				newest[tp] = claim{mi.ID, mi.Generation}
			case mi.Generation == c.generation && c.member != mi.ID:
				newest[tp] = claim{"", c.generation}
			}
		}
	}
	owner := make(map[record.TopicPartition]string, len(newest))
	for tp, c := range newest {
		owner[tp] = c.member
	}
	return owner
}

// ownedPartitions writes partitions as a subscription holds them, in order, so
// that equal ownership gives equal bytes.
func ownedPartitions(tps []record.TopicPartition) []*sarama.OwnedPartition {
	groups := byTopic(tps)
	var owned []*sarama.OwnedPartition
	for _, topic := range topicsOf(tps) {
		slices.Sort(groups[topic])
		owned = append(owned, &sarama.OwnedPartition{Topic: topic, Partitions: groups[topic]})
	}
	return owned
}
