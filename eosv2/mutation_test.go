//go:build mutation

package eosv2

import "testing"

// TestMutations: the knobs of the mutation check break what they say.
func TestMutations(t *testing.T) {
	t.Run("fencing", func(t *testing.T) {
		t.Setenv("ONCESTREAM_MUTATION", "fencing")
		c := newCluster(t, 1)
		first := c.producer(t)
		a := topic(t, first, "a")
		send(t, a, 0, "zombie")
		must(t, first.Flush(t.Context()))
		second := c.producer(t)
		send(t, topic(t, second, "a"), 0, "second")
		must(t, second.Commit(t.Context()))
		must(t, first.Commit(t.Context()))
		c.wantValues(t, "a", 0, "zombie", "second")
	})
	t.Run("offsets", func(t *testing.T) {
		t.Setenv("ONCESTREAM_MUTATION", "offsets")
		c := newCluster(t, 1)
		p := c.producer(t)
		must(t, p.SendOffsets(t.Context(), group, at("in", 0, 7)))
		if got, _ := c.committedOffset(t, "g", "in", 0); got != 7 {
			t.Fatalf("committed %d before the commit", got)
		}
		must(t, p.Abort(t.Context()))
	})
}
