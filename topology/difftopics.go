package topology

import "fmt"

// internal returns the topics between sub-topologies, or all others, by name.
func internal(nodes map[string]*nodeAt, want bool) map[string]*nodeAt {
	chosen := map[string]*nodeAt{}
	for topic, n := range nodes {
		if n.Internal == want {
			chosen[topic] = n
		}
	}
	return chosen
}

// repartitions compares the topics between sub-topologies.
func (c *comparison) repartitions() {
	before, after := internal(c.before.sources, true), internal(c.after.sources, true)
	only(before, after, func(topic string, _ *nodeAt) {
		c.note(RepartitionRemoved, topic, LosesState,
			fmt.Sprintf("records in it that weren't processed yet are left behind; the topic <application id>-%s is orphaned", topic),
			"stop the input and let the application process what's in it first, then delete the topic")
	})
	only(after, before, func(topic string, _ *nodeAt) {
		c.note(RepartitionAdded, topic, Compatible, fmt.Sprintf("the topic <application id>-%s is created", topic), "")
	})
	both(before, after, func(topic string, was, is *nodeAt) {
		if was.Partitions != is.Partitions {
			c.note(RepartitionPartitions, topic, LosesState,
				fmt.Sprintf("it was asked for %s and is asked for %s; topics aren't changed: the application refuses to start where the number differs", count(was), count(is)),
				"keep the number, or use another name and let the old topic run empty; the stores behind it begin anew in both cases")
		}
		c.serdes(RepartitionSerde, topic, was, is, "let the application process what's in it before the change")
	})
}

func count(n *nodeAt) string {
	if n.Partitions == 0 {
		return "the number of its inputs"
	}
	return fmt.Sprintf("%d partitions", n.Partitions)
}

// serdes compares how records are written and read.
func (c *comparison) serdes(kind DifferenceKind, topic string, was, is *nodeAt, remedy string) {
	if was.Key == is.Key && was.Value == is.Value {
		return
	}
	c.note(kind, topic, NeedsCare,
		fmt.Sprintf("keys and values were of %s and %s, and are of %s and %s", was.Key, was.Value, is.Key, is.Value), remedy)
}

// sources compares the users' topics that are read.
func (c *comparison) sources() {
	before, after := internal(c.before.sources, false), internal(c.after.sources, false)
	only(before, after, func(topic string, _ *nodeAt) {
		c.note(SourceRemoved, topic, NeedsCare, "it's read no more: the group's committed offsets of it are ignored, and forgotten by the brokers in time",
			"if it's read again later, it goes on at those offsets or at its reset policy")
	})
	only(after, before, func(topic string, is *nodeAt) {
		c.note(SourceAdded, topic, Compatible, fmt.Sprintf("it's read from its reset policy (%s), unless the group has committed offsets of it", is.Reset), "")
	})
	both(before, after, func(topic string, was, is *nodeAt) {
		if was.Reset != is.Reset {
			c.note(SourceReset, topic, Compatible, fmt.Sprintf("%s instead of %s holds where the group has no committed offset", is.Reset, was.Reset), "")
		}
		c.serdes(SourceSerde, topic, was, is, "make sure that what's in the topic already can be read")
	})
}

// sinks compares the users' topics that are written.
func (c *comparison) sinks() {
	before, after := internal(c.before.sinks, false), internal(c.after.sinks, false)
	only(before, after, func(topic string, _ *nodeAt) {
		c.note(SinkRemoved, topic, Compatible, "it's written no more", "")
	})
	only(after, before, func(topic string, _ *nodeAt) {
		c.note(SinkAdded, topic, Compatible, "it's written from now on", "it must exist when the application starts")
	})
	both(before, after, func(topic string, was, is *nodeAt) {
		c.serdes(SinkSerde, topic, was, is, "make sure that its readers can read both")
	})
}
