package main

import (
	"testing"

	"github.com/oncestream/oncestream"
)

func TestClock(t *testing.T) {
	var c clock
	c.onState(oncestream.Created, oncestream.Rebalancing)
	if d := c.elapsed(); d != 0 {
		t.Errorf("%s have passed before the application ran", d)
	}
	c.onState(oncestream.Rebalancing, oncestream.Running)
	start := c.start.Load()
	if start == nil {
		t.Fatal("the clock didn't start with the application")
	}
	c.onState(oncestream.Running, oncestream.Rebalancing)
	c.onState(oncestream.Rebalancing, oncestream.Running)
	if c.start.Load() != start {
		t.Error("the clock started again after a rebalance")
	}
	if c.elapsed() <= 0 {
		t.Error("no time has passed")
	}
}
