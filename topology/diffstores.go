package topology

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// stores compares the state stores.
func (c *comparison) stores() {
	renamed := c.renamed()
	only(c.before.stores, c.after.stores, func(name string, was *storeAt) {
		if to, ok := renamed[name]; ok {
			c.note(StoreRenamed, name, LosesState,
				fmt.Sprintf("it seems to be %s now, which starts empty; %s", to, orphan(was)),
				fmt.Sprintf("keep the name %s", name))
			return
		}
		c.note(StoreRemoved, name, LosesState, "its state isn't used any more; "+orphan(was),
			"if that isn't meant, give the store its name back; else delete what's left once no older version is needed")
	})
	taken := slices.Collect(maps.Values(renamed))
	only(c.after.stores, c.before.stores, func(name string, is *storeAt) {
		if !slices.Contains(taken, name) {
			c.storeAdded(name, is)
		}
	})
	both(c.before.stores, c.after.stores, c.store)
}

func orphan(s *storeAt) string {
	if !s.Logged { // the topic that one may be restored from is the user's
		return "what's in state directories is orphaned"
	}
	return fmt.Sprintf("the topic <application id>-%s-changelog is orphaned", s.Name)
}

// renamed pairs stores that were removed with ones that were added, where all but
// the name is the same and there's one such pair.
func (c *comparison) renamed() map[string]string {
	pairs, taken := map[string]string{}, map[string]int{}
	only(c.before.stores, c.after.stores, func(name string, was *storeAt) {
		var alike []string
		only(c.after.stores, c.before.stores, func(other string, is *storeAt) {
			if was.alike(is) {
				alike = append(alike, other)
				taken[other]++
			}
		})
		if len(alike) == 1 {
			pairs[name] = alike[0]
		}
	})
	maps.DeleteFunc(pairs, func(_, to string) bool { return taken[to] > 1 })
	return pairs
}

// alike returns whether stores may be the same one under two names. The repartition
// topic before an aggregation may be named as the store.
func (s *storeAt) alike(o *storeAt) bool {
	inputs := func(s *storeAt) []string {
		var names []string
		for _, topic := range s.inputs {
			names = append(names, strings.TrimPrefix(topic, s.Name))
		}
		return names
	}
	return s.Kind == o.Kind && s.WindowSizeMs == o.WindowSizeMs && s.Key == o.Key && s.Value == o.Value && slices.Equal(inputs(s), inputs(o))
}

// storeAdded tells of a store that begins empty behind topics that were read
// before.
func (c *comparison) storeAdded(name string, is *storeAt) {
	var consumed []string
	for _, topic := range c.after.origins(is.inputs) {
		if c.before.sources[topic] != nil {
			consumed = append(consumed, topic)
		}
	}
	switch {
	case len(consumed) == 0:
		c.note(StoreAdded, name, Compatible, "it begins empty, as the topics that feed it do", "")
	case !is.Logged:
		c.note(StoreAdded, name, NeedsCare, fmt.Sprintf("it begins empty: what was consumed of %s before isn't in it", list(consumed)), "")
	default:
		c.note(StoreAdded, name, NeedsCare, fmt.Sprintf("it begins empty: what was consumed of %s before isn't in it", list(consumed)),
			"name it in Config.StartEmpty for the first start if that's meant; else reset the application")
	}
}

// store compares two stores of one name.
func (c *comparison) store(name string, was, is *storeAt) {
	if was.Kind != is.Kind {
		c.storeKind(name, was, is)
		return // the rest follows from the kinds
	}
	c.storePlace(name, was, is)
	c.storeTimes(name, was, is)
	if is.Logged && was.Logged && !maps.Equal(was.TopicConfig, is.TopicConfig) {
		c.note(StoreConfig, name, NeedsCare, "the changelog topic keeps the configs that it was made with", alter(name))
	}
	c.storeSerdes(name, was, is)
	if !slices.Equal(was.inputs, is.inputs) {
		c.note(StoreInputs, name, NeedsCare,
			fmt.Sprintf("its rows were placed in partitions as %s, and records come as %s: rows of a key may be in another partition than its records, and the number of partitions may change, which the application refuses",
				list(was.inputs), list(is.inputs)),
			"make sure that the keys and partition counts are the same, or give the store another name")
	}
}

func (c *comparison) storeSerdes(name string, was, is *storeAt) {
	for _, s := range []struct{ what, was, is string }{{"key", was.Key, is.Key}, {"value", was.Value, is.Value}} {
		if s.was != s.is && s.was != "" && s.is != "" {
			c.note(StoreSerde, name, NeedsCare, fmt.Sprintf("its %ss were written with %s and are read with %s", s.what, s.was, s.is),
				"make sure that the bytes are the same, or give the store another name")
		}
	}
}

func (c *comparison) storeKind(name string, was, is *storeAt) {
	effect := fmt.Sprintf("it was a %s store and is a %s store", was.Kind, is.Kind)
	if kinds := []string{keyValueStore, plainKeyValueStore}; was.Logged && slices.Contains(kinds, was.Kind) && slices.Contains(kinds, is.Kind) {
		c.note(StoreKind, name, NeedsCare, effect+": the changelog fits, state directories don't",
			"delete the state directories, so that it's restored from its changelog")
		return
	}
	c.note(StoreKind, name, LosesState, effect+", whose rows are others", "give the new store another name")
}

// storePlace compares where the rows are kept.
func (c *comparison) storePlace(name string, was, is *storeAt) {
	switch {
	case was.RestoredFrom != is.RestoredFrom:
		c.storeLog(name, was, is)
	case was.Logged && !is.Logged:
		c.note(StoreLogging, name, LosesState, fmt.Sprintf("its state is lost when a task moves to another process; %s", orphan(was)), "keep the changelog")
	case !was.Logged && is.Logged:
		c.note(StoreLogging, name, LosesState, "it's restored from its new changelog, which is empty: what's in state directories is dropped",
			"name it in Config.StartEmpty for the first start if that's meant")
	case was.InMemory != is.InMemory && !is.Logged:
		c.note(StorePlace, name, LosesState, "it begins empty where it's kept now: there's no changelog to restore it from", "")
	case was.InMemory != is.InMemory:
		c.note(StorePlace, name, Compatible, "it's restored from its changelog to where it's kept now", "")
	}
}

// storeLog tells of a store that's restored from another topic: what's on disk is at
// a position of the old one, and dropped.
func (c *comparison) storeLog(name string, was, is *storeAt) {
	effect := "it's restored from " + is.RestoredFrom
	switch {
	case is.RestoredFrom == "":
		c.note(StoreLogging, name, LosesState, fmt.Sprintf("it was restored from %s, which isn't its changelog any more: the new one is empty, and what's in state directories is dropped", was.RestoredFrom),
			"keep reusing the topic, or give the store another name and reset the application")
		return
	case was.Logged:
		effect += "; " + orphan(was)
	}
	c.note(StoreLogging, name, NeedsCare, effect, "see that the topic has a record of each row: it's compacted or keeps all records")
}

// storeTimes compares windows and retention.
func (c *comparison) storeTimes(name string, was, is *storeAt) {
	if was.WindowSizeMs != is.WindowSizeMs {
		c.note(StoreWindows, name, NeedsCare,
			fmt.Sprintf("windows of %s are read as ones of %s: their ends aren't stored", ms(was.WindowSizeMs), ms(is.WindowSizeMs)),
			"give the store another name, unless results of the windows at the change may be wrong")
	}
	remedy := ""
	if is.Logged {
		remedy = "the changelog topic keeps its retention.ms or min.compaction.lag.ms: " + alter(name)
	}
	switch {
	case was.RetentionMs < is.RetentionMs:
		c.note(StoreRetention, name, NeedsCare,
			fmt.Sprintf("rows are kept for %s instead of %s, as far as they're still there", ms(is.RetentionMs), ms(was.RetentionMs)), remedy)
	case was.RetentionMs > is.RetentionMs:
		c.note(StoreRetention, name, NeedsCare,
			fmt.Sprintf("rows older than %s are dropped for good, where they were kept for %s", ms(is.RetentionMs), ms(was.RetentionMs)), remedy)
	}
}

func alter(store string) string {
	return fmt.Sprintf("alter <application id>-%s-changelog with kafka-configs", store)
}

// ms returns milliseconds as durations are written.
func ms(n int64) string {
	if n > math.MaxInt64/int64(time.Millisecond) {
		return "ever"
	}
	return (time.Duration(n) * time.Millisecond).String()
}

func list(names []string) string {
	if len(names) == 0 {
		return "no topic"
	}
	return strings.Join(names, ", ")
}
