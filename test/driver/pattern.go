package driver

import (
	"errors"
	"maps"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/task"
)

// match creates a topic if a pattern of the topology matches its name, and has the
// tasks read it. It returns false where none does.
func (d *Driver) match(name string) (bool, error) {
	if !task.NeedsAllTopics(d.plan) || d.counts[name] > 0 {
		return false, nil
	}
	counts := maps.Clone(d.counts)
	counts[name] = int32(len(d.topic(name).partitions))
	for _, t := range d.layout.InternalTopics(1) {
		counts[t.Name] = t.Partitions
	}
	layout, err := task.NewLayout(d.applicationID, d.plan, counts)
	if err != nil {
		return false, err
	}
	if _, ok := layout.Reader(record.TopicPartition{Topic: name}); !ok {
		return false, nil
	}
	d.counts[name] = counts[name]
	return true, d.adopt(layout)
}

// adopt starts the tasks anew with another layout, behind a commit, as a rebalance
// does.
func (d *Driver) adopt(layout *task.Layout) error {
	if err := d.commit(); err != nil {
		return err
	}
	d.layout = layout
	if err := d.addInternal(); err != nil {
		return err
	}
	if err := errors.Join(d.endTasks(), d.endGlobals(), d.startProcess()); err != nil {
		return err
	}
	return d.process()
}

// addInternal adds the internal topics of the layout that don't exist yet.
func (d *Driver) addInternal() error {
	for _, t := range d.layout.InternalTopics(1) {
		has := d.topics[t.Name]
		if has == nil {
			d.addTopic(t.Name, t.Partitions)
		} else if n := int32(len(has.partitions)); n != t.Partitions {
			return &kafka.PartitionCountError{Topic: t.Name, Has: n, Want: t.Partitions}
		}
	}
	return nil
}

// matched returns whether a pattern of the topology matches a topic.
func matched(p *plan.Plan, topic string) bool {
	for _, sub := range p.SubTopologies {
		for _, s := range sub.Sources {
			if s.Pattern != nil && s.Pattern.Match(topic) {
				return true
			}
		}
	}
	return false
}
