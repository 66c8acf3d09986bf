package task

import (
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
)

// processed is an offset as tasks commit it, moved one as tools do.
func processed(at int64) kafka.Offset {
	return kafka.Offset{At: at, Metadata: kafka.EncodeOffsetMetadata(1000), Ok: true}
}

func moved(at int64) kafka.Offset { return kafka.Offset{At: at, Ok: true} }

// healthy is what a cluster holds of rekeyPlan's application while it lives.
func healthy() Inventory {
	return Inventory{
		Committed: map[record.TopicPartition]kafka.Offset{
			{Topic: "in", Partition: 0}:                    processed(10),
			{Topic: "app-words-repartition", Partition: 2}: processed(5),
		},
		Topics: map[string]int32{"app-words-repartition": 3, "app-counts-changelog": 3, "app-windows-changelog": 3},
		Configs: map[string]map[string]string{
			"app-words-repartition": {"cleanup.policy": "delete", "retention.ms": "-1"},
			"app-counts-changelog":  {"cleanup.policy": "compact", "retention.ms": "604800000"},
			"app-windows-changelog": {"cleanup.policy": "compact,delete", "retention.ms": "87300000"},
		},
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(*Inventory)
		startEmpty []string
		found      []string // "topic: part of the problem"
		refused    []string // parts of the error
	}{
		"a healthy application": {change: func(*Inventory) {}},
		"a first start":         {change: func(i *Inventory) { *i = Inventory{} }},
		"a first start beside an application with a similar name": {change: func(i *Inventory) {
			*i = Inventory{Topics: map[string]int32{"app-two-counts-changelog": 1}}
		}},
		"a first start that died before its commit": {change: func(i *Inventory) { i.Committed = nil; delete(i.Topics, "app-counts-changelog") }},
		"a lost changelog": {
			change: func(i *Inventory) { delete(i.Topics, "app-counts-changelog") },
			refused: []string{"store counts", "app-counts-changelog doesn't exist", "group app has consumed app-words-repartition, in already",
				"Config.StartEmpty"},
		},
		"a new store behind a new repartition topic": {
			change: func(i *Inventory) {
				clear(i.Topics)
				delete(i.Committed, record.TopicPartition{Topic: "app-words-repartition", Partition: 2})
			},
			refused: []string{"store counts", "store windows", "has consumed in already"},
		},
		"a renamed store": {
			change: func(i *Inventory) {
				delete(i.Topics, "app-counts-changelog")
				i.Topics["app-tally-changelog"] = 3
			},
			found:   []string{"app-tally-changelog: no part of this topology"},
			refused: []string{"store counts", "There is app-tally-changelog"},
		},
		"a new store that may begin empty": {
			change:     func(i *Inventory) { delete(i.Topics, "app-counts-changelog") },
			startEmpty: []string{"counts"},
			found:      []string{"app-counts-changelog: store counts begins empty"},
		},
		"a store that began empty once": {
			change: func(*Inventory) {}, startEmpty: []string{"counts"},
			found: []string{"app-counts-changelog: can be taken out of Config.StartEmpty"},
		},
		"a reset by a tool": {change: func(i *Inventory) {
			clear(i.Topics)
			clear(i.Committed)
			i.Committed[record.TopicPartition{Topic: "in"}] = moved(7)
		}},
		"input of which nothing was consumed": {change: func(i *Inventory) {
			clear(i.Topics)
			clear(i.Committed)
			i.Committed[record.TopicPartition{Topic: "in"}] = processed(0)
		}},
		"a changelog that isn't compacted": {
			change:  func(i *Inventory) { i.Configs["app-counts-changelog"]["cleanup.policy"] = "delete" },
			refused: []string{"store counts", "app-counts-changelog has cleanup.policy=delete, but needs compact", "kafka-configs"},
		},
		"a changelog that loses old rows": {
			change: func(i *Inventory) { i.Configs["app-counts-changelog"]["cleanup.policy"] = "compact, delete" },
			found:  []string{"app-counts-changelog: retention.ms=604800000 are missing after a restore"},
		},
		"a changelog of windows that are kept longer": {
			change: func(i *Inventory) { i.Configs["app-windows-changelog"]["retention.ms"] = "1000" },
			found:  []string{"app-windows-changelog: less than the 15m0s that store windows keeps"},
		},
		"a changelog of windows that keeps all": {change: func(i *Inventory) {
			i.Configs["app-windows-changelog"] = map[string]string{"cleanup.policy": "compact", "retention.ms": "1000"}
		}},
		"a compacted repartition topic": {
			change:  func(i *Inventory) { i.Configs["app-words-repartition"]["cleanup.policy"] = "compact" },
			refused: []string{"app-words-repartition has cleanup.policy=compact, but needs delete"},
		},
		"a repartition topic that forgets": {
			change: func(i *Inventory) { i.Configs["app-words-repartition"]["retention.ms"] = "1000" },
			found:  []string{"app-words-repartition: retention.ms=1000"},
		},
		"topics of an earlier topology": {
			change: func(i *Inventory) {
				for _, topic := range []string{"app-gone-changelog", "app-gone-repartition", "app-fk-subscription-response-topic", "app-output"} {
					i.Topics[topic] = 1
				}
				i.Committed[record.TopicPartition{Topic: "app-gone-repartition"}] = processed(1)
			},
			found: []string{"app-fk-subscription-response-topic: ", "app-gone-changelog: ", "app-gone-repartition: "},
		},
		"input that's read no more": {
			change: func(i *Inventory) { i.Committed[record.TopicPartition{Topic: "old", Partition: 1}] = processed(3) },
			found:  []string{"old: no task reads it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inv := healthy()
			c.change(&inv)
			l, err := NewLayout("app", rekeyPlan(), map[string]int32{"in": 3, "out": 1})
			if err != nil {
				t.Fatal(err)
			}
			findings, err := l.Check(inv, c.startEmpty)
			wantFindings(t, findings, c.found)
			if (err != nil) != (len(c.refused) > 0) {
				t.Fatalf("got %v", err)
			}
			for _, part := range c.refused {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error doesn't have %q: %v", part, err)
				}
			}
		})
	}
}

func wantFindings(t *testing.T, got []Finding, want []string) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(f Finding, w string) bool {
		topic, problem, _ := strings.Cut(w, ": ")
		return f.Topic == topic && strings.Contains(f.Problem, problem)
	}) {
		t.Errorf("found %v, want %q", got, want)
	}
}
