package topology_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

func described(t *testing.T, name string) *topology.Topology {
	t.Helper()
	b := topology.NewBuilder()
	descriptions[name](b)
	return build(t, b)
}

// The files show the format to who reads it with other tools.
func TestJSONAndDOT(t *testing.T) {
	for _, name := range []string{"word-count", "stream-table-join", "tumbling", "foreign-key-join", "two-topologies", "global-table-join"} {
		t.Run(name, func(t *testing.T) {
			top := described(t, name)
			golden(t, name+".json", top.JSON())
			golden(t, name+".dot", top.DOT())
		})
	}
}

func TestDescriptionsAreReadAsWritten(t *testing.T) {
	for name := range descriptions {
		t.Run(name, func(t *testing.T) {
			top := described(t, name)
			got, err := topology.ParseDescription([]byte(top.JSON()))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, top.Description()) {
				t.Errorf("read %+v\nof %+v", got, top.Description())
			}
			if got.DOT() != top.DOT() {
				t.Error("the graph of what was read differs")
			}
			if again := described(t, name); again.JSON() != top.JSON() {
				t.Error("the same topology has two texts")
			}
			compact, err := json.Marshal(top)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := topology.ParseDescription(compact); err != nil || !reflect.DeepEqual(got, top.Description()) {
				t.Errorf("read %+v of MarshalJSON: %v", got, err)
			}
		})
	}
}

func TestParseDescriptionRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":           {`{`, "unexpected end"},
		"another version":   {`{"version": 2}`, "version 2"},
		"no version":        {`{}`, "version 0"},
		"a wrong place":     {`{"version": 1, "subTopologies": [{"id": 1}]}`, "sub-topology 1 is at place 0"},
		"a node twice":      {`{"version": 1, "subTopologies": [{"nodes": [{"name": "a", "kind": "source"}, {"name": "a", "kind": "sink"}]}]}`, `"a"`},
		"a node of no kind": {`{"version": 1, "subTopologies": [{"nodes": [{"name": "a", "kind": "well"}]}]}`, `"well"`},
		"a way to nowhere":  {`{"version": 1, "subTopologies": [{"nodes": [{"name": "a", "kind": "source", "next": ["b"]}]}]}`, `"b"`},
		"a store twice":     {`{"version": 1, "subTopologies": [{"stores": [{"name": "s"}, {"name": "s"}]}]}`, `"s"`},
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := topology.ParseDescription([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v", d, err)
			}
		})
	}
}

func TestParseDescriptionPassesOverNewFields(t *testing.T) {
	text := `{"version": 1, "color": "red", "subTopologies": [{"id": 0, "nodes": [{"name": "a", "kind": "source", "color": 1}]}]}`
	if d, err := topology.ParseDescription([]byte(text)); err != nil || len(d.SubTopologies) != 1 {
		t.Errorf("got %v, %v", d, err)
	}
}

func TestDOTQuotes(t *testing.T) {
	d := &topology.Description{SubTopologies: []topology.SubTopologyDescription{{
		Nodes: []topology.NodeDescription{{Name: `a"\b`, Kind: topology.SourceNode}},
	}}}
	if want := `"node a\"\\b" [label="a\"\\b"];`; !strings.Contains(d.DOT(), want) {
		t.Errorf("no %s in\n%s", want, d.DOT())
	}
}

func FuzzParseDescription(f *testing.F) {
	b := topology.NewBuilder()
	descriptions["stream-table-join"](b)
	top, err := b.Build()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(top.JSON())
	f.Add(`{"version": 1, "subTopologies": [{"id": 0}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := topology.ParseDescription([]byte(text))
		if err != nil {
			return
		}
		d.DOT()
		if diff := topology.Diff(d, d); len(diff) != 0 {
			t.Errorf("it differs from itself: %v", diff)
		}
	})
}
