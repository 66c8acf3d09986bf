package plan

import (
	"maps"
	"strings"
	"testing"
)

// sub describes a sub-topology by topics: those with a colon in front are
// repartition topics, and may be followed by =n for a fixed count.
type sub struct {
	reads, writes []string
	alike         []string
}

func newPlan(subs ...sub) *Plan {
	shared := map[string]*Repartition{}
	topic := func(s string) (string, *Repartition) {
		name, ok := strings.CutPrefix(s, ":")
		if !ok {
			return s, nil
		}
		name, n, _ := strings.Cut(name, "=")
		if shared[name] == nil {
			shared[name] = &Repartition{}
		}
		if n != "" {
			shared[name].Partitions = int32(n[0] - '0')
		}
		return name, shared[name]
	}
	p := &Plan{}
	for id, s := range subs {
		st := &SubTopology{ID: int32(id)}
		for _, r := range s.reads {
			name, rep := topic(r)
			st.Sources = append(st.Sources, &Source{Node: name + "-source", Topic: name, Repartition: rep})
		}
		for _, w := range s.writes {
			name, rep := topic(w)
			st.Sinks = append(st.Sinks, &Sink{Node: name + "-sink", Topic: name, Repartition: rep})
		}
		for _, g := range s.alike {
			st.CoPartitioned = append(st.CoPartitioned, CoPartition{Node: "join", Topics: strings.Split(g, " ")})
		}
		p.SubTopologies = append(p.SubTopologies, st)
	}
	return p
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name   string
		plan   *Plan
		counts map[string]int32
		want   map[string]int32
		errs   []string
	}{
		{
			name:   "the highest count of the writer's sources",
			plan:   newPlan(sub{reads: []string{"a", "b"}, writes: []string{":r", "out"}}, sub{reads: []string{":r"}}),
			counts: map[string]int32{"a": 3, "b": 5},
			want:   map[string]int32{"r": 5},
		}, {
			name: "several writers",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r"}}, sub{reads: []string{"b"}, writes: []string{":r"}},
				sub{reads: []string{":r"}}),
			counts: map[string]int32{"a": 3, "b": 5},
			want:   map[string]int32{"r": 5},
		}, {
			name: "transitive, through a reader that comes first",
			plan: newPlan(sub{reads: []string{":q"}}, sub{reads: []string{":r"}, writes: []string{":q"}},
				sub{reads: []string{"a"}, writes: []string{":r"}}),
			counts: map[string]int32{"a": 4},
			want:   map[string]int32{"r": 4, "q": 4},
		}, {
			name: "a fixed count stays, and is handed on",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r=7"}}, sub{reads: []string{":r"}, writes: []string{":q"}},
				sub{reads: []string{":q"}}),
			counts: map[string]int32{"a": 9},
			want:   map[string]int32{"r": 7, "q": 7},
		}, {
			name: "a user's topic decides for its group, even with fewer partitions",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r"}},
				sub{reads: []string{":r", "table"}, alike: []string{"r table"}}),
			counts: map[string]int32{"a": 8, "table": 4},
			want:   map[string]int32{"r": 4},
		}, {
			name: "the highest of a group of repartition topics",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r"}}, sub{reads: []string{"b"}, writes: []string{":q"}},
				sub{reads: []string{":r", ":q"}, alike: []string{"q r"}, writes: []string{":z"}}, sub{reads: []string{":z"}}),
			counts: map[string]int32{"a": 8, "b": 2},
			want:   map[string]int32{"r": 8, "q": 8, "z": 8},
		}, {
			name: "groups that overlap are one",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r", ":q"}},
				sub{reads: []string{":r", ":q", "table"}, alike: []string{"q r", "r table"}}),
			counts: map[string]int32{"a": 8, "table": 4},
			want:   map[string]int32{"r": 4, "q": 4},
		}, {
			name:   "users' topics that differ",
			plan:   newPlan(sub{reads: []string{"a", "table"}, alike: []string{"a table"}}),
			counts: map[string]int32{"a": 8, "table": 4},
			errs:   []string{"join: ", "a has 8, table has 4", "Repartition"},
		}, {
			name: "a fixed count that differs",
			plan: newPlan(sub{reads: []string{"a"}, writes: []string{":r=3"}},
				sub{reads: []string{":r", "table"}, alike: []string{"r table"}}),
			counts: map[string]int32{"a": 8, "table": 4},
			errs:   []string{"r has 3, table has 4"},
		}, {
			name:   "unknown topics, all at once",
			plan:   newPlan(sub{reads: []string{"a", "b"}}),
			counts: map[string]int32{},
			errs:   []string{`a-source: the partition count of topic "a"`, `b-source: the partition count of topic "b"`},
		}, {
			name: "a loop without a count",
			plan: newPlan(sub{reads: []string{":r"}, writes: []string{":q"}}, sub{reads: []string{":q"}, writes: []string{":r"}}),
			errs: []string{`r-source: the partition count of the repartition topic "r"`, `"q"`},
		}, {
			name:   "a loop that a count reaches",
			plan:   newPlan(sub{reads: []string{":r", "a"}, writes: []string{":q"}}, sub{reads: []string{":q"}, writes: []string{":r"}}),
			counts: map[string]int32{"a": 6},
			want:   map[string]int32{"r": 6, "q": 6},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.plan.Resolve(c.counts)
			if (err != nil) != (c.errs != nil) {
				t.Fatalf("error: %v", err)
			}
			for _, want := range c.errs {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
