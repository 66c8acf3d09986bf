package kafka

import (
	"maps"
	"testing"
)

// The texts were committed by Kafka Streams 4.3.1.
func TestOffsetMetadata(t *testing.T) {
	for _, tc := range []struct {
		text  string
		time  int64
		times map[string]int64
	}{
		{"AgAAAYvP5WgA", 1700000000000, nil},
		{"AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAAAAAAB7", 1700000000000, map[string]int64{"store": 123}},
		{"AgAAAYvP5fC4AAAAAQAAAAJlZgAAAYvP5d0w", 1700000035000, map[string]int64{"ef": 1700000030000}},
	} {
		m, err := DecodeOffsetMetadata(tc.text)
		if err != nil {
			t.Fatalf("%s: %v", tc.text, err)
		}
		if m.PartitionTime != tc.time || !maps.Equal(m.Times, tc.times) {
			t.Errorf("%s: got %+v", tc.text, m)
		}
		if got := m.Encode(); got != tc.text {
			t.Errorf("encoded again: %s, want %s", got, tc.text)
		}
		if got, ok := PartitionTime(tc.text); !ok || got != tc.time {
			t.Errorf("partition time of %s: %d, %t", tc.text, got, ok)
		}
	}
	if got := EncodeOffsetMetadata(1700000000000); got != "AgAAAYvP5WgA" {
		t.Errorf("encoded %s", got)
	}
}

func TestOffsetMetadataVersion1(t *testing.T) {
	m, err := DecodeOffsetMetadata("AQAAAYvP5WgA")
	if err != nil || m.PartitionTime != 1700000000000 {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestForeignOffsetMetadata(t *testing.T) {
	if pt, ok := PartitionTime(""); ok || pt != UnknownTime {
		t.Errorf("empty: %d, %t", pt, ok)
	}
	for _, text := range []string{
		"committed by hand", "Ag==", "AwAAAYvP5WgA", "AgAAAYvP5WgAAA==",
		"AgAAAYvP5WgAAAAAAQ==", "AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAAA=", "AgAAAYvP5WgA/////w==", "AQAAAYvP5WgAAAAAAA==",
	} {
		if m, err := DecodeOffsetMetadata(text); err == nil || m.PartitionTime != UnknownTime {
			t.Errorf("%q: got %+v, %v", text, m, err)
		}
		if pt, ok := PartitionTime(text); ok {
			t.Errorf("%q: partition time %d", text, pt)
		}
		if got := WithPartitionTime(text, 1700000000000); got != "AgAAAYvP5WgA" {
			t.Errorf("%q with a time: %s", text, got)
		}
	}
}

func TestWithPartitionTimeKeepsMap(t *testing.T) {
	got := WithPartitionTime("AgAAAAAAAAAAAAAAAQAAAAVzdG9yZQAAAAAAAAB7", 1700000000000)
	if want := "AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAAAAAAB7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzOffsetMetadata(f *testing.F) {
	f.Add("AgAAAYvP5WgA")
	f.Add("AQAAAYvP5WgA")
	f.Add("AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAAAAAAB7")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := DecodeOffsetMetadata(text)
		if err != nil {
			return
		}
		again, err := DecodeOffsetMetadata(m.Encode())
		if err != nil || again.PartitionTime != m.PartitionTime || !maps.Equal(again.Times, m.Times) {
			t.Errorf("%q: %+v became %+v, %v", text, m, again, err)
		}
	})
}
