package task

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Inventory is what the cluster holds of an application when a process starts.
// The offsets must be read before the topics: whoever committed offsets had
// created the topics before, so a changelog that's missing afterwards is not
// one that another process is about to create.
type Inventory struct {
	// Committed are the positions of the group, of all topics.
	Committed map[record.TopicPartition]kafka.Offset
	// Topics are the partition counts of all topics whose names begin with the
	// application id and a dash.
	Topics map[string]int32
	// Configs are PolicyConfigs of the internal topics that exist.
	Configs map[string]map[string]string
}

// PolicyConfigs are the configs of internal topics that decide whether records are
// kept.
func PolicyConfigs() []string { return []string{"cleanup.policy", "retention.ms"} }

// Finding is something that an inventory shows and a process can live with.
type Finding struct {
	Topic   string
	Problem string
}

// Check compares what the cluster holds with the layout. What would lose state or
// records silently is an error, which names the store or topic and the remedy. The
// stores in startEmpty may begin without what was consumed before.
func (l *Layout) Check(inv Inventory, startEmpty []string) ([]Finding, error) {
	c := &check{Layout: l, Inventory: inv, startEmpty: startEmpty}
	c.internalNames = map[string]bool{}
	for _, t := range l.InternalTopics(0) {
		c.internalNames[t.Name] = true
	}
	for _, sub := range l.plan.SubTopologies {
		for _, s := range sub.Stores {
			c.store(sub, s)
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(l.repartition)) {
		c.repartition(topic)
	}
	c.orphans()
	c.unread()
	return c.findings, errors.Join(c.refused...)
}

type check struct {
	*Layout
	Inventory
	startEmpty    []string
	internalNames map[string]bool

	findings []Finding
	refused  []error
}

func (c *check) find(topic, format string, args ...any) {
	c.findings = append(c.findings, Finding{Topic: topic, Problem: fmt.Sprintf(format, args...)})
}

func (c *check) refuse(format string, args ...any) {
	c.refused = append(c.refused, fmt.Errorf(format, args...))
}

// store checks the changelog of a store.
func (c *check) store(sub *plan.SubTopology, s statestore.Spec) {
	topic := changelog.Topic(c.applicationID, s.Name)
	if !c.internalNames[topic] {
		return
	}
	consumed := c.consumed(sub)
	acknowledged := slices.Contains(c.startEmpty, s.Name)
	switch {
	case c.Topics[topic] > 0:
		if acknowledged {
			c.find(topic, "the changelog of store %s is there: the store's name can be taken out of Config.StartEmpty", s.Name)
		}
		c.policy(topic, s)
	case len(consumed) > 0 && acknowledged:
		c.find(topic, "store %s begins empty, as Config.StartEmpty allows: what was consumed of %s before isn't in it", s.Name, strings.Join(consumed, ", "))
	case len(consumed) > 0:
		c.refuse("store %s: its changelog %s doesn't exist, but group %s has consumed %s already: the store would begin without that. "+
			"%sIf the store was renamed, give it its old name; if its changelog was deleted to process all input again, reset the committed offsets, too; "+
			"if it's to begin empty, name it in Config.StartEmpty", s.Name, topic, c.applicationID, strings.Join(consumed, ", "), c.maybeRenamed())
	}
}

// maybeRenamed names changelogs that no store has.
func (c *check) maybeRenamed() string {
	var names []string
	for _, topic := range c.unknown() {
		if strings.HasSuffix(topic, changelogSuffix) {
			names = append(names, topic)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("There is %s, which no store of this topology has. ", strings.Join(names, ", "))
}

// consumed returns the topics of which records were processed that lead to the
// sub-topology, also through other sub-topologies.
//
// Tasks commit the partition time with each position. A position without it is that
// of a tool, which sets the beginning of a fresh start.
func (c *check) consumed(sub *plan.SubTopology) []string {
	leads := c.leading(sub)
	found := map[string]bool{}
	for tp, o := range c.Committed {
		if leads[tp.Topic] && o.At > 0 && o.Metadata != "" {
			found[tp.Topic] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// leading returns the real names of the topics from which records come to the
// sub-topology.
func (l *Layout) leading(sub *plan.SubTopology) map[string]bool {
	topics := map[string]bool{}
	var up func(*plan.SubTopology)
	up = func(sub *plan.SubTopology) {
		for _, s := range sub.Sources {
			if name := l.Topic(s.Topic); !topics[name] {
				topics[name] = true
				for _, writer := range l.writers(s) {
					up(writer)
				}
			}
		}
	}
	up(sub)
	return topics
}

// writers returns the sub-topologies that write a repartition topic.
func (l *Layout) writers(s *plan.Source) []*plan.SubTopology {
	if s.Repartition == nil {
		return nil
	}
	var subs []*plan.SubTopology
	for _, sub := range l.plan.SubTopologies {
		if slices.ContainsFunc(sub.Sinks, func(sink *plan.Sink) bool { return sink.Topic == s.Topic }) {
			subs = append(subs, sub)
		}
	}
	return subs
}

// policy checks whether a changelog keeps what a restore needs.
func (c *check) policy(topic string, s statestore.Spec) {
	has, want := c.Configs[topic], changelog.Configs(s)["cleanup.policy"]
	if has["cleanup.policy"] == "" {
		return
	}
	compacts, deletes := policies(has["cleanup.policy"])
	wantCompacts, wantDeletes := policies(want)
	retention, _ := strconv.ParseInt(has["retention.ms"], 10, 64)
	switch {
	case wantCompacts && !wantDeletes && !compacts:
		c.refuse("store %s: its changelog %s has cleanup.policy=%s, but needs %s: rows that weren't written for a while are gone from it, and from every restored store. "+
			"Alter the topic with kafka-configs, or set cleanup.policy with TopicConfig if that's meant", s.Name, topic, has["cleanup.policy"], want)
	case wantCompacts && !wantDeletes && deletes:
		c.find(topic, "it has cleanup.policy=%s: rows of store %s that weren't written for retention.ms=%d are missing after a restore, unless that's meant use %s", has["cleanup.policy"], s.Name, retention, want)
	case wantDeletes && deletes && retention >= 0 && retention < s.Retention.Milliseconds():
		c.find(topic, "it has retention.ms=%d, which is less than the %s that store %s keeps: older rows are missing after a restore", retention, s.Retention, s.Name)
	}
}

// repartition checks whether a topic between sub-topologies keeps records until
// they're processed.
func (c *check) repartition(topic string) {
	has := c.Configs[topic]
	if has["cleanup.policy"] == "" {
		return
	}
	compacts, _ := policies(has["cleanup.policy"])
	retention, err := strconv.ParseInt(has["retention.ms"], 10, 64)
	switch {
	case compacts:
		c.refuse("the repartition topic %s has cleanup.policy=%s, but needs delete: of records with the same key all but the last may be gone before they're processed. "+
			"Alter the topic with kafka-configs", topic, has["cleanup.policy"])
	case err == nil && retention >= 0:
		c.find(topic, "it has retention.ms=%d: records that wait longer are gone before they're processed; the application deletes them itself, so -1 is right", retention)
	}
}

func policies(config string) (compacts, deletes bool) {
	for _, policy := range strings.Split(config, ",") {
		compacts = compacts || strings.TrimSpace(policy) == "compact"
		deletes = deletes || strings.TrimSpace(policy) == "delete"
	}
	return compacts, deletes
}

// changelogSuffix is the end of every changelog's name.
const changelogSuffix = "-changelog"

// unknown returns the internal topics of the application that no part of the
// topology has.
func (c *check) unknown() []string {
	var topics []string
	for _, topic := range slices.Sorted(maps.Keys(c.Topics)) {
		internal := slices.ContainsFunc([]string{changelogSuffix, "-repartition", "-subscription-registration-topic", "-subscription-response-topic"},
			func(suffix string) bool { return strings.HasSuffix(topic, suffix) })
		if internal && strings.HasPrefix(topic, c.applicationID+"-") && !c.internalNames[topic] {
			topics = append(topics, topic)
		}
	}
	return topics
}

// orphans tells of internal topics that are left from another topology.
func (c *check) orphans() {
	if len(c.Committed) == 0 {
		return // a first start: what looks alike is another application's
	}
	for _, topic := range c.unknown() {
		c.find(topic, "no part of this topology has this internal topic: it's left from an earlier one, "+
			"or of an application whose id begins with %s-", c.applicationID)
	}
}

// unread tells of input with committed offsets that isn't read any more.
func (c *check) unread() {
	topics := map[string]bool{}
	for tp := range c.Committed {
		if c.read(tp.Topic) == 0 && !strings.HasPrefix(tp.Topic, c.applicationID+"-") {
			topics[tp.Topic] = true
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		c.find(topic, "group %s has committed offsets of this topic, but no task reads it: they're ignored", c.applicationID)
	}
}
