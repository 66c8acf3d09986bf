package statestore

import (
	"math"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology/serde"
)

// Null values are among the latest timestamps that retention counts from in a store
// in memory alone, as in Kafka Streams.
func TestTimeOfNullsInJoinWindows(t *testing.T) {
	for inMemory, want := range map[bool]int{false: 1, true: 0} {
		s, err := OpenMemory().Store(Spec{Name: "j", Kind: DuplicateWindow, Retention: time.Second, InMemory: inMemory}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w, err := NewJoinWindow(s, serde.String, serde.String)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Put("a", 100, "v"); err != nil {
			t.Fatal(err)
		}
		if err := w.PutNull("b", 1100); err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, err := range w.Fetch("a", 0, math.MaxInt64) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if found != want {
			t.Errorf("in memory %v: %d records, want %d", inMemory, found, want)
		}
	}
}
