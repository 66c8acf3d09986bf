package plan

import "testing"

// The hashes are those of the Java client.
func TestMurmur2(t *testing.T) {
	for _, c := range []struct {
		key  string
		want int32
	}{
		{"", 275646681},
		{"a", -1563381124},
		{"abc", 479470107},
		{"foobar", -790332482},
		{"hello", 2132663229},
		{"21", -973932308},
	} {
		if got := int32(murmur2([]byte(c.key))); got != c.want {
			t.Errorf("murmur2(%q) = %d, want %d", c.key, got, c.want)
		}
	}
}

func TestPartitionMasksTheSign(t *testing.T) {
	if got := Partition([]byte("a"), 10); got != 4 {
		t.Errorf("partition of a among 10 is %d, want 4: 584102524 modulo 10", got)
	}
	if got := Partition(nil, 1); got != 0 {
		t.Errorf("partition among 1 is %d", got)
	}
}
