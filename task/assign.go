package task

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// compareTasks orders tasks by sub-topology, then by partition.
func compareTasks(a, b plan.TaskID) int {
	return cmp.Or(cmp.Compare(a.SubTopology, b.SubTopology), cmp.Compare(a.Partition, b.Partition))
}

// userData is what a member tells the leader in its subscription. Unknown
// fields are ignored, so that later versions can add some.
type userData struct {
	Version int `json:"version"`
	// Process is the id that the state directory keeps: members of one process
	// share local state.
	Process string `json:"process"`
	// State lists the tasks with state on the process' disk, as 0_3.
	State []string `json:"state,omitempty"`
}

func (u userData) encode() ([]byte, error) { return json.Marshal(u) }

// balancer assigns tasks to the members of the group, on the leader. Tasks stay
// with their owner as far as the balance allows, and else go where their state
// is.
type balancer struct{ layout *Layout }

// seat is a member during the assignment.
type seat struct {
	member string
	tasks  []plan.TaskID
	bySub  map[int32]int
	state  map[plan.TaskID]bool
}

func (s *seat) add(id plan.TaskID) {
	s.tasks = append(s.tasks, id)
	s.bySub[id.SubTopology]++
}

// Balance implements kafka.Balancer.
func (b balancer) Balance(members []kafka.MemberInfo, _ map[string]int32) (map[string][]record.TopicPartition, error) {
	seats, owned, err := b.seats(members)
	if err != nil {
		return nil, err
	}
	n := len(b.layout.Tasks)
	sh := share{size: n / len(seats), extra: n % len(seats)}
	rest := sh.place(b.layout.Tasks, seats, func(s *seat, id plan.TaskID) bool { return owned[id] == s })
	rest = sh.place(rest, seats, func(s *seat, id plan.TaskID) bool { return s.state[id] })
	sh.place(rest, seats, func(*seat, plan.TaskID) bool { return true })
	out := map[string][]record.TopicPartition{}
	for _, s := range seats {
		slices.SortFunc(s.tasks, compareTasks)
		out[s.member] = []record.TopicPartition{}
		for _, id := range s.tasks {
			out[s.member] = append(out[s.member], b.layout.partitions(id)...)
		}
	}
	return out, nil
}

// seats reads the members' subscriptions. The owner of a task is the member
// which claims its partitions in the newest generation.
func (b balancer) seats(members []kafka.MemberInfo) ([]*seat, map[plan.TaskID]*seat, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(x, y kafka.MemberInfo) int {
		return cmp.Or(strings.Compare(x.InstanceID, y.InstanceID), strings.Compare(x.ID, y.ID))
	})
	owned := map[plan.TaskID]*seat{}
	claimed := map[plan.TaskID]int32{}
	seats := make([]*seat, 0, len(members))
	for _, m := range members {
		s := &seat{member: m.ID, bySub: map[int32]int{}, state: map[plan.TaskID]bool{}}
		seats = append(seats, s)
		var u userData
		if len(m.UserData) > 0 {
			if err := json.Unmarshal(m.UserData, &u); err != nil {
				return nil, nil, fmt.Errorf("subscription of member %s: %w (is another program using the application id as its group?)", m.ID, err)
			}
		}
		for _, text := range u.State {
			var id plan.TaskID
			if _, err := fmt.Sscanf(text, "%d_%d", &id.SubTopology, &id.Partition); err == nil {
				s.state[id] = true
			}
		}
		for _, tp := range m.Owned {
			id, ok := b.layout.taskOf[tp]
			if ok && (owned[id] == nil || m.Generation > claimed[id]) {
				owned[id], claimed[id] = s, m.Generation
			}
		}
	}
	return seats, owned, nil
}

// share is an even division of the tasks: every seat takes size tasks, and as
// many seats as the division leaves over take one more.
type share struct {
	size, extra int
}

func (sh *share) room(s *seat) bool {
	return len(s.tasks) < sh.size || len(s.tasks) == sh.size && sh.extra > 0
}

func (sh *share) give(s *seat, id plan.TaskID) {
	if len(s.tasks) == sh.size {
		sh.extra--
	}
	s.add(id)
}

// place gives each task to the least loaded of its candidates that has room,
// and returns the tasks without one.
func (sh *share) place(tasks []plan.TaskID, seats []*seat, candidate func(*seat, plan.TaskID) bool) []plan.TaskID {
	var rest []plan.TaskID
	for _, id := range tasks {
		var best *seat
		for _, s := range seats {
			if sh.room(s) && candidate(s, id) && (best == nil || s.lessLoaded(best, id)) {
				best = s
			}
		}
		if best == nil {
			rest = append(rest, id)
			continue
		}
		sh.give(best, id)
	}
	return rest
}

// lessLoaded compares by tasks, then by tasks of the same sub-topology, so that
// each sub-topology spreads over all members.
func (s *seat) lessLoaded(o *seat, id plan.TaskID) bool {
	if len(s.tasks) != len(o.tasks) {
		return len(s.tasks) < len(o.tasks)
	}
	return s.bySub[id.SubTopology] < o.bySub[id.SubTopology]
}
