package task

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Layout is a plan laid out on a cluster: real topic names, partition counts,
// and the tasks that follow from them. It doesn't change: where topics come and go,
// a worker takes over another one.
type Layout struct {
	applicationID string
	plan          *plan.Plan
	counts        map[string]int32 // by plan topic name (without prefix)
	internal      map[string]bool  // plan topic names of repartition topics

	// Tasks are all tasks, in order.
	Tasks  []plan.TaskID
	inputs map[plan.TaskID][]source
	taskOf map[record.TopicPartition]plan.TaskID
	// repartition holds the real names of repartition topics.
	repartition map[string]bool
}

// source is one input partition of a task.
type source struct {
	*plan.Source
	tp record.TopicPartition
}

// NewLayout lays a plan out. The counts are the partition counts of [LayoutTopics]; a
// missing one of the user's topics is an error that lists all missing ones. For a plan
// with patterns they are those of all topics there are, see [NeedsAllTopics].
func NewLayout(applicationID string, p *plan.Plan, counts map[string]int32) (*Layout, error) {
	if missing := missingTopics(p, counts); len(missing) > 0 {
		return nil, fmt.Errorf("missing topics: %s: create them before the application starts (oncestream creates only its internal topics), or check the names and the principal's right to describe them",
			strings.Join(missing, ", "))
	}
	p, err := matchPatterns(applicationID, p, counts)
	if err != nil {
		return nil, err
	}
	resolved, err := p.Resolve(counts)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(counts)
	maps.Copy(all, resolved)
	l := &Layout{
		applicationID: applicationID, plan: p, counts: all, internal: map[string]bool{},
		inputs: map[plan.TaskID][]source{}, taskOf: map[record.TopicPartition]plan.TaskID{}, repartition: map[string]bool{},
	}
	for _, sub := range p.SubTopologies {
		for _, s := range sub.Sources {
			l.internal[s.Topic] = s.Repartition != nil
		}
		for _, s := range sub.Sinks {
			l.internal[s.Topic] = s.Repartition != nil
		}
	}
	for name, internal := range l.internal {
		if internal {
			l.repartition[l.Topic(name)] = true
		}
	}
	for _, sub := range p.SubTopologies {
		l.addTasks(sub)
	}
	return l, nil
}

// UserTopics returns the topics that must exist before the application starts. Those
// that a pattern chooses aren't among them.
func UserTopics(p *plan.Plan) []string {
	set := map[string]bool{}
	for _, sub := range p.SubTopologies {
		for _, s := range sub.Sources {
			if s.Repartition == nil && s.Topic != "" {
				set[s.Topic] = true
			}
		}
		for _, s := range sub.Sinks {
			if s.Repartition == nil && s.Topic != "" {
				set[s.Topic] = true
			}
		}
	}
	for _, g := range p.Globals {
		set[g.Source.Topic] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func missingTopics(p *plan.Plan, counts map[string]int32) []string {
	return slices.DeleteFunc(UserTopics(p), func(t string) bool { return counts[t] > 0 })
}

func (l *Layout) addTasks(sub *plan.SubTopology) {
	for n := range l.width(sub) {
		id := plan.TaskID{SubTopology: sub.ID, Partition: n}
		l.Tasks = append(l.Tasks, id)
		for _, s := range sub.Sources {
			if n >= l.counts[s.Topic] {
				continue
			}
			tp := record.TopicPartition{Topic: l.Topic(s.Topic), Partition: n}
			l.inputs[id] = append(l.inputs[id], source{Source: s, tp: tp})
			l.taskOf[tp] = id
		}
	}
}

// width is a sub-topology's number of tasks: the highest partition count of its
// sources.
func (l *Layout) width(sub *plan.SubTopology) int32 {
	var n int32
	for _, s := range sub.Sources {
		n = max(n, l.counts[s.Topic])
	}
	return n
}

// Topic returns the real name of a topic of the plan: repartition topics carry
// the application id in front.
func (l *Layout) Topic(name string) string {
	if l.internal[name] {
		return l.applicationID + "-" + name
	}
	return name
}

// Sources returns the real names of all source topics, sorted.
func (l *Layout) Sources() []string {
	set := map[string]bool{}
	for tp := range l.taskOf {
		set[tp.Topic] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// inputPartitions returns all partitions that are read, sorted.
func (l *Layout) inputPartitions() []record.TopicPartition {
	return slices.SortedFunc(maps.Keys(l.taskOf), record.TopicPartition.Compare)
}

// read returns how many partitions of a topic, by its real name, are read.
func (l *Layout) read(topic string) int32 {
	n := int32(0)
	for {
		if _, ok := l.taskOf[record.TopicPartition{Topic: topic, Partition: n}]; !ok {
			return n
		}
		n++
	}
}

// changelog returns whether a topic is the changelog of a store.
func (l *Layout) changelog(topic string) bool {
	return slices.ContainsFunc(l.plan.SubTopologies, func(sub *plan.SubTopology) bool {
		return slices.ContainsFunc(sub.Stores, func(s statestore.Spec) bool {
			return changelog.Topic(l.applicationID, s.Name) == topic
		})
	})
}

// InternalTopics returns the repartition and changelog topics with the counts
// and configs that Kafka Streams gives them.
func (l *Layout) InternalTopics(replication int16) []kafka.Topic {
	var topics []kafka.Topic
	seen := map[string]bool{}
	for _, sub := range l.plan.SubTopologies {
		for _, s := range sub.Sources {
			if s.Repartition != nil && !seen[s.Topic] {
				seen[s.Topic] = true
				topics = append(topics, kafka.Topic{Name: l.Topic(s.Topic), Partitions: l.counts[s.Topic], Replication: replication, Configs: repartitionConfigs()})
			}
		}
		for _, s := range sub.Stores {
			// A pattern may match nothing yet.
			if !s.LoggingDisabled && l.width(sub) > 0 {
				topics = append(topics, kafka.Topic{Name: changelog.Topic(l.applicationID, s.Name), Partitions: l.width(sub), Replication: replication, Configs: changelog.Configs(s)})
			}
		}
	}
	return topics
}

// repartitionConfigs are those of Kafka Streams: nothing expires by time, since
// consumed records are deleted explicitly.
func repartitionConfigs() map[string]string {
	return map[string]string{
		"cleanup.policy":         "delete",
		"segment.bytes":          "52428800",
		"retention.ms":           "-1",
		"message.timestamp.type": "CreateTime",
	}
}

// sub returns the sub-topology of a task.
func (l *Layout) sub(id plan.TaskID) *plan.SubTopology {
	i, _ := slices.BinarySearchFunc(l.plan.SubTopologies, id.SubTopology, func(s *plan.SubTopology, id int32) int {
		return cmp.Compare(s.ID, id)
	})
	return l.plan.SubTopologies[i]
}

// partitions returns the input partitions of a task.
func (l *Layout) partitions(id plan.TaskID) []record.TopicPartition {
	tps := make([]record.TopicPartition, len(l.inputs[id]))
	for i, s := range l.inputs[id] {
		tps[i] = s.tp
	}
	return tps
}

// tasksOf returns the tasks that a set of partitions makes up. A partition that
// no task reads, or a task whose partitions are only partly there, is an error:
// the group's leader runs another topology.
func (l *Layout) tasksOf(tps []record.TopicPartition) ([]plan.TaskID, error) {
	have := map[plan.TaskID]int{}
	for _, tp := range tps {
		id, ok := l.taskOf[tp]
		if !ok {
			return nil, fmt.Errorf("assigned partition %s belongs to no task of this topology: all members of the group must run the same topology", tp)
		}
		have[id]++
	}
	ids := slices.SortedFunc(maps.Keys(have), compareTasks)
	for _, id := range ids {
		if have[id] != len(l.inputs[id]) {
			return nil, fmt.Errorf("task %s was assigned %d of its %d partitions: all members of the group must run the same topology", id, have[id], len(l.inputs[id]))
		}
	}
	return ids, nil
}

// localTasks returns the tasks with stores whose state is held locally.
func (l *Layout) localTasks(local []statestore.StorePartition) []plan.TaskID {
	owner := map[string]int32{}
	for _, sub := range l.plan.SubTopologies {
		for _, s := range sub.Stores {
			owner[s.Name] = sub.ID
		}
	}
	set := map[plan.TaskID]bool{}
	for _, sp := range local {
		if id, ok := owner[sp.Store]; ok {
			set[plan.TaskID{SubTopology: id, Partition: sp.Partition}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), compareTasks)
}

// reset returns the policy of an input partition.
func (l *Layout) reset(tp record.TopicPartition) plan.OffsetReset {
	for _, s := range l.inputs[l.taskOf[tp]] {
		if s.tp == tp {
			return s.Reset
		}
	}
	return plan.Earliest
}
