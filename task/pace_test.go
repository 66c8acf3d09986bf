package task

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	if p.records() != 1 {
		t.Fatalf("begins with %d records", p.records())
	}
	// turn is a turn of as many records as allowed, of which each takes a while.
	turn := func(each time.Duration) { p.note(p.records(), time.Duration(p.records())*each) }
	for range 20 {
		turn(time.Microsecond)
	}
	if p.records() != maxTurn {
		t.Errorf("fast records: turns of %d, want %d", p.records(), maxTurn)
	}
	for range 2 {
		turn(5 * time.Millisecond)
		if total := time.Duration(p.records()) * 5 * time.Millisecond; total > turnTime {
			t.Errorf("records of 5 ms: a turn takes %s, allowed %s", total, turnTime)
		}
	}
	for range 2 {
		if turn(time.Minute); p.records() != 1 {
			t.Errorf("slow records: turns of %d, want 1", p.records())
		}
	}
	p.note(0, 0)
	if p.records() != 1 {
		t.Errorf("a turn without records says nothing, but the next has %d", p.records())
	}
}
