package wire

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// unhex reads bytes written as hexadecimal digits, with spaces between them.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The hashes are those that Kafka Streams computes.
func TestHashOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "9d2764a018e32942 8c3cf3b035938518",
		"a":                                 "3361634e7e0f5188 e9c7dda24eae326b",
		"X1":                                "797bd076b7cd2992 5a654930c34e17d2",
		"c1:apple":                          "7f826ca2ad0acacd 5256bf1af57f693b",
		"hello world, this is a longer one": "6475e206ef9c4718 4164b75f84231f2e",
	} {
		if h := HashOf([]byte(text)); !bytes.Equal(h[:], unhex(want)) {
			t.Errorf("%q: got %x, want %s", text, h, want)
		}
	}
}

func TestChange(t *testing.T) {
	long := strings.Repeat("n", 70)
	for _, c := range []struct {
		b        string
		new, old []byte
	}{
		{"4e 01", []byte("N"), nil},
		{"4f 00", nil, []byte("O")},
		{"02 4e 4f 02", []byte("N"), []byte("O")},
		{"8c01" + hex.EncodeToString([]byte(long)) + "4f 02", []byte(long), []byte("O")},
		{"01", []byte{}, nil},
		{"00", nil, []byte{}},
		{"00 02", []byte{}, []byte{}},
		{"4f 01 03", nil, []byte("O")},
		{"4e 00 04", []byte("N"), nil},
		{"02 4e 4f 01 05", []byte("N"), []byte("O")},
	} {
		b := unhex(c.b)
		got, err := SplitChange(b)
		if err != nil || !same(got.New, c.new) || !same(got.Old, c.old) {
			t.Errorf("%s: %q, %v", c.b, got, err)
		}
		if b[len(b)-1] > oldAndNew {
			continue // these are only read
		}
		if again, err := appendChange(nil, got); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s is written as %x, %v", c.b, again, err)
		}
	}
	for _, bad := range []string{"", "06", "4e ff", "03", "02", "04 4e 02", "01 4e 02", "ff 02", "ffffffffffffffffffff01 02"} {
		if got, err := SplitChange(unhex(bad)); err == nil {
			t.Errorf("%s was read as %q", bad, got)
		}
	}
	if b, err := AppendChangeFlag(nil, false, false); err == nil {
		t.Errorf("a change without values is %x", b)
	}
}

// same tells nil from empty.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func appendChange(dst []byte, c Change) ([]byte, error) {
	start := len(dst)
	dst = append(dst, c.New...)
	if c.New != nil && c.Old != nil {
		dst = PrefixLength(dst, start)
	}
	return AppendChangeFlag(append(dst, c.Old...), c.New != nil, c.Old != nil)
}

func TestSubscription(t *testing.T) {
	x1 := HashOf([]byte("X1"))
	for b, want := range map[string]Subscription{
		"01 03 797bd076b7cd2992 5a654930c34e17d2 6b31 00000000": {Hash: x1, HasHash: true, Instruction: AnswerIfFound, PrimaryKey: []byte("k1")},
		"81 01 6b31 00000007": {Instruction: UnsubscribeAndAnswer, PrimaryKey: []byte("k1"), Partition: 7},
		"00 02 797bd076b7cd2992 5a654930c34e17d2 6b31": {
			Hash: x1, HasHash: true, Instruction: AnswerAlways, PrimaryKey: []byte("k1"), Partition: NoPartition},
		"80 00": {Instruction: Unsubscribe, PrimaryKey: []byte{}, Partition: NoPartition},
	} {
		got, err := ReadSubscription(unhex(b))
		if err != nil || !equal(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", b, got, err, want)
		}
		if again := AppendSubscription(nil, got); !bytes.Equal(again, unhex(b)) {
			t.Errorf("%s is written as %x", b, again)
		}
	}
	for _, bad := range []string{
		"", "81", "82 00 6b31 00000000", "81 04 6b31 00000000", "01 00 6b31 00000000", "81 00 000000", "81 00 6b31 ffffffff",
	} {
		if got, err := ReadSubscription(unhex(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, got)
		}
	}
}

func equal(a, b Subscription) bool {
	same := bytes.Equal(a.PrimaryKey, b.PrimaryKey)
	a.PrimaryKey, b.PrimaryKey = nil, nil
	return same && a.Hash == b.Hash && a.HasHash == b.HasHash && a.Instruction == b.Instruction && a.Partition == b.Partition
}

func TestAnswer(t *testing.T) {
	x1 := HashOf([]byte("X1"))
	for b, want := range map[string]Answer{
		"00 797bd076b7cd2992 5a654930c34e17d2 52": {Hash: x1, HasHash: true, Value: []byte("R")},
		"00 797bd076b7cd2992 5a654930c34e17d2":    {Hash: x1, HasHash: true},
		"80":                                      {},
		"80 52":                                   {Value: []byte("R")},
	} {
		got, err := ReadAnswer(unhex(b))
		if err != nil || got.Hash != want.Hash || got.HasHash != want.HasHash || !same(got.Value, want.Value) || got.Partition != NoPartition {
			t.Errorf("%s: got %+v, %v; want %+v", b, got, err, want)
		}
		if again := AppendAnswer(nil, got); !bytes.Equal(again, unhex(b)) {
			t.Errorf("%s is written as %x", b, again)
		}
	}
	for _, bad := range []string{"", "01", "81", "00 79"} {
		if got, err := ReadAnswer(unhex(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, got)
		}
	}
}

func TestForeignKeyPrefix(t *testing.T) {
	key := append(AppendForeignKey(nil, []byte("X")), "k1"...)
	if want := unhex("00000001 58 6b31"); !bytes.Equal(key, want) {
		t.Errorf("got %x", key)
	}
}
