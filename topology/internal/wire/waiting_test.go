package wire

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/oncestream/oncestream/internal/record"
)

// waitingExamples are bytes that Kafka Streams 4.3.1 has written.
var waitingExamples = []struct {
	bytes string
	want  Waiting
	size  int64 // with a key of one byte
}{
	{
		"00000000000003e8000000000000000000000001740000000000000001000000" + "02686b000000026876ffffffffffffffff000000013100000000000003e8",
		Waiting{Timestamp: 1000, Topic: "t", Headers: []record.Header{{Key: "hk", Value: []byte("hv")}}, New: []byte("1"), Due: 1000},
		1 + 1 + 28 + 1 + 4,
	},
	{
		"000000000000010e000000000000000a00000002696e0000000000000000ffffffff0000000138ffffffff0000000000000104",
		Waiting{Timestamp: 270, Offset: 10, Topic: "in", Old: []byte("8"), Due: 260},
		1 + 1 + 28 + 2,
	},
	{
		"00000000000000a0000000000000000400000002696e00000000000000000000000133fffffffe000000013500000000000000a0",
		Waiting{Timestamp: 160, Offset: 4, Topic: "in", Prior: []byte("3"), Old: []byte("3"), New: []byte("5"), Due: 160},
		1 + 2 + 28 + 2,
	},
	{
		"0000000000000032000000000000000300000002696e00000000000000000000000800000000000000000000000800000000000000010000000800000000000000020000000000000064",
		Waiting{
			Timestamp: 50, Offset: 3, Topic: "in",
			Prior: make([]byte, 8), Old: []byte{0, 0, 0, 0, 0, 0, 0, 1}, New: []byte{0, 0, 0, 0, 0, 0, 0, 2}, Due: 100,
		},
		1 + 24 + 28 + 2,
	},
}

func TestWaitingAsKafkaStreams(t *testing.T) {
	for _, e := range waitingExamples {
		if got := AppendWaiting(nil, &e.want); !bytes.Equal(got, unhex(e.bytes)) {
			t.Errorf("%+v is written as\n%x, want\n%s", e.want, got, e.bytes)
		}
		var got Waiting
		if err := got.Read(unhex(e.bytes)); err != nil || !reflect.DeepEqual(got, e.want) {
			t.Errorf("%s is read as\n%+v, want\n%+v, %v", e.bytes, got, e.want, err)
		}
		if got := e.want.Size(1); got != e.size {
			t.Errorf("%s has a size of %d, want %d", e.bytes, got, e.size)
		}
	}
}

// A change is read into one that was used before, and without allocation where
// topic and header keys are the same.
func TestWaitingReadAgain(t *testing.T) {
	var w Waiting
	for _, e := range waitingExamples {
		want := e.want
		if err := w.Read(unhex(e.bytes)); err != nil || len(w.Headers) != len(want.Headers) || w.Topic != want.Topic {
			t.Errorf("%s is read as %+v, %v", e.bytes, w, err)
		}
	}
	b := unhex(waitingExamples[0].bytes)
	if n := testing.AllocsPerRun(100, func() {
		if err := w.Read(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWaitingRefuses(t *testing.T) {
	whole := unhex(waitingExamples[0].bytes)
	var w Waiting
	for n := range whole {
		if w.Read(whole[:n]) == nil {
			t.Errorf("%d of %d bytes are read", n, len(whole))
		}
	}
	for name, b := range map[string][]byte{
		"more than a change":          append(bytes.Clone(whole), 0),
		"old like a prior of nothing": unhex("000000000000010e000000000000000a00000002696e0000000000000000fffffffffffffffeffffffff0000000000000104"),
		"negative length of a topic":  unhex("000000000000010e000000000000000afffffffe"),
		"negative count of headers":   unhex("000000000000010e000000000000000a00000002696e00000000fffffffeffffffffffffffffffffffff0000000000000104"),
	} {
		if w.Read(b) == nil {
			t.Errorf("%s is read as %+v", name, w)
		}
	}
}

// What is read can be written, and is then read as the same. Bytes that aren't
// canonical (an old value equal to the prior one, no headers as -1) may be written
// shorter.
func FuzzReadWaiting(f *testing.F) {
	for _, e := range waitingExamples {
		f.Add(unhex(e.bytes))
	}
	f.Add(unhex("000000000000010e000000000000000a00000002696e00000000ffffffffffffffffffffffffffffffff0000000000000104"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var w, back Waiting
		if w.Read(b) != nil {
			return
		}
		again := AppendWaiting(nil, &w)
		if err := back.Read(again); err != nil || len(again) > len(b) {
			t.Fatalf("%x was read as %+v and written as %x, %v", b, w, again, err)
		}
		if !bytes.Equal(AppendWaiting(nil, &back), again) || back.Size(0) != w.Size(0) {
			t.Fatalf("%x was read as %+v, and then as %+v", b, w, back)
		}
	})
}
