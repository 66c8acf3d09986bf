package random

import (
	"bytes"
	"testing"
)

// Equal seeds give equal scenarios, others others, and none shows a difference on
// purpose.
func TestGenerate(t *testing.T) {
	seen := map[string]uint64{}
	for i := range uint64(50) {
		s := Generate(1, i)
		text := s.Text()
		if !bytes.Equal(text, Generate(1, i).Text()) {
			t.Fatalf("scenario %d isn't the same twice", i)
		}
		s.Name = ""
		if same, ok := seen[string(s.Text())]; ok {
			t.Errorf("scenarios %d and %d are the same", same, i)
		}
		seen[string(s.Text())] = i
		if r := OnPurpose(s); r != nil {
			t.Errorf("scenario %d shows on purpose: %s", i, r.Name)
		}
	}
}

// A scenario becomes as small as it can be while it still has what matters: a step, and
// an input, which need the source.
func TestShrink(t *testing.T) {
	s := Generate(1, 1)
	op := s.Steps[len(s.Steps)-1].text("op")
	small := Shrink(s, func(s *Scenario) bool {
		if len(s.Steps) == 0 || len(s.Input) == 0 {
			return false
		}
		return s.Steps[len(s.Steps)-1].text("op") == op
	})
	if len(small.Input) != 1 || len(small.Steps) >= len(s.Steps) || len(small.Queries) > 0 {
		t.Errorf("shrunk from %d steps and %d inputs to %d and %d:\n%s", len(s.Steps), len(s.Input), len(small.Steps), len(small.Input), small.Text())
	}
}
