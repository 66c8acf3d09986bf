package topology

import (
	"fmt"
	"slices"
)

// globals compares the global stores. Their topics hold all of their state, so a
// store that's new to a process is read from there.
func (c *comparison) globals() {
	only(c.before.globals, c.after.globals, func(name string, _ *storeAt) {
		c.note(StoreRemoved, name, Compatible, "it was global: what's in state directories is orphaned", "")
	})
	only(c.after.globals, c.before.globals, func(name string, is *storeAt) {
		c.note(StoreAdded, name, Compatible, fmt.Sprintf("it's global: each process reads %s from its start before it processes anything else", list(is.inputs)), "")
	})
	both(c.before.globals, c.after.globals, c.global)
}

// global compares two global stores of one name.
func (c *comparison) global(name string, was, is *storeAt) {
	if was.Kind != is.Kind {
		c.note(StoreKind, name, NeedsCare, fmt.Sprintf("it was a %s store and is a %s store: a process with the old one in its state directory refuses to start", was.Kind, is.Kind),
			"give the store another name")
		return
	}
	if !slices.Equal(was.inputs, is.inputs) {
		c.note(StoreInputs, name, Compatible,
			fmt.Sprintf("each process drops the rows of %s and reads %s from its start before it processes anything else", list(was.inputs), list(is.inputs)), "")
	}
	if was.InMemory != is.InMemory {
		c.note(StorePlace, name, Compatible, "it's read from its topic to where it's kept now", "")
	}
	c.storeSerdes(name, was, is)
}
