package random

import (
	"bytes"
	"testing"
)

// base is a scenario of which others are made.
const base = `{
  "name": "base",
  "config": {"statestore.cache.max.bytes": "0"},
  "steps": [
    {"id": "s", "op": "stream", "topics": ["in"]},
    {"id": "t", "op": "table", "topic": "rows", "store": {"name": "kept", "historyMs": 10, "type": "versioned"}},
    {"id": "p", "op": "split", "from": "s", "branches": [{"id": "a", "pred": "keyIs:a"}], "default": {"id": "b"}},
    {"id": "j", "op": "join", "from": "a", "with": "t", "joiner": "concat"},
    {"op": "to", "from": "j", "topic": "out"}
  ],
  "input": [
    {"topic": "rows", "key": "a", "value": "x:1", "ts": 0},
    {"topic": "in", "key": "a", "value": "1", "ts": 5, "headers": [["h", null]]}
  ],
  "queries": [{"store": "kept", "op": "get", "key": "a"}]
}`

// A scenario is read as it's written.
func TestParse(t *testing.T) {
	s, err := Parse([]byte(base))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(s.Text())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Text(), again.Text()) || len(s.Steps) != 5 || len(s.Input) != 2 || len(s.Queries) != 1 {
		t.Errorf("read\n%s\nand again\n%s", s.Text(), again.Text())
	}
	if b := branchesOf(s.Steps[2]); len(b) != 2 || s.Steps[1].object("store").number("historyMs") != 10 {
		t.Errorf("a split has %d branches in\n%s", len(b), s.Text())
	}
	if _, err := Parse([]byte("{")); err == nil {
		t.Error("half an object is a scenario")
	}
}

// Equal seeds give equal variations, others others. Each id, store and topic belongs to
// one piece, and each reference to something that's there.
func TestVary(t *testing.T) {
	of, err := Parse([]byte(base))
	if err != nil {
		t.Fatal(err)
	}
	before := of.Text()
	continued := 0
	for i := range uint64(40) {
		s := Vary([]*Scenario{of}, 1, i)
		if !bytes.Equal(s.Text(), Vary([]*Scenario{of}, 1, i).Text()) {
			t.Fatalf("variation %d isn't the same twice", i)
		}
		if len(s.Input) < 50 {
			t.Errorf("variation %d has %d inputs", i, len(s.Input))
		}
		there := map[string]bool{"": true}
		for _, step := range s.Steps {
			for _, id := range []string{step.text("from"), step.text("with")} {
				if !there[id] {
					t.Errorf("variation %d: %q isn't there for %v", i, id, step)
				}
			}
			for _, id := range made(step) {
				if there[id] {
					t.Errorf("variation %d: %q is there twice", i, id)
				}
				there[id] = true
			}
			if from := step.text("from"); from != "" && len(step.text("id")) > 1 && from == "a" {
				continued++
			}
		}
		for _, q := range s.Queries {
			if !there[q.text("store")] {
				t.Errorf("variation %d asks %v", i, q)
			}
		}
	}
	if continued == 0 {
		t.Error("no piece goes on from another one's steps")
	}
	if !bytes.Equal(of.Text(), before) {
		t.Errorf("the scenario has changed to\n%s", of.Text())
	}
}
