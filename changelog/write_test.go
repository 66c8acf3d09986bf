package changelog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// printer is a Sender that prints what it gets.
type printer struct{ lines []string }

// Send implements Sender.
func (p *printer) Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error {
	if value == nil {
		value = []byte("null")
	}
	p.lines = append(p.lines, fmt.Sprintf("%d %s=%s@%d %v", partition, key, value, timestamp, headers))
	return nil
}

func TestWriteValueFormat(t *testing.T) {
	db := statestore.OpenMemory()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		format byte
		want   string
	}{
		{0, "7 a=1@10 []; 7 b=null@11 []"},
		{3, "7 a=1@10 [{v [3]}]; 7 b=null@11 []"},
	} {
		spec := statestore.Spec{Name: fmt.Sprint("s", c.format), Kind: statestore.PlainKeyValue, ValueFormat: c.format}
		s, err := db.Store(spec, 7)
		if err != nil {
			t.Fatal(err)
		}
		m, err := statestore.NewKeyValue(s, serde.String, serde.String)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Put("a", "1", 10); err != nil {
			t.Fatal(err)
		}
		if err := m.Delete("b", 11); err != nil {
			t.Fatal(err)
		}
		var p printer
		n, err := Write(s, &p)
		if err != nil || n != 2 {
			t.Errorf("Write = %d, %v; want 2", n, err)
		}
		if got := strings.Join(p.lines, "; "); got != c.want {
			t.Errorf("format %d: %s, want %s", c.format, got, c.want)
		}
	}
}

// A note goes with the first record of the transaction that has changed it, and is
// restored with the records.
func TestNoteIsWrittenAndRestored(t *testing.T) {
	_, s, w := joinSide(t)
	if err := errors.Join(w.Put("a", 1, "x"), w.Put("b", 2, "y")); err != nil {
		t.Fatal(err)
	}
	want := statestore.Note{Number: 1, Value: 258}
	w.SetNote(want)
	var p printer
	if _, err := Write(s, &p); err != nil {
		t.Fatal(err)
	}
	note := []byte{7: 1, 14: 1, 15: 2}
	lines := []string{fmt.Sprintf("0 a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01=x@1 [{note %v}]", note), "0 b\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x02=y@2 []"}
	if !slices.Equal(p.lines, lines) {
		t.Errorf("wrote %q, want %q", p.lines, lines)
	}

	db, s, w := joinSide(t)
	records := one{{Key: []byte("a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"), Value: []byte("x"), Timestamp: 1,
		Headers: []record.Header{{Key: "note", Value: note}, {Key: "note", Value: note[1:]}}}}
	if _, err := Apply(db, s, &records, 1); err != nil {
		t.Fatal(err)
	}
	if got := w.Note(); got != want {
		t.Errorf("restored %+v, want %+v", got, want)
	}
}

// one reads the records that it holds.
type one []record.Record

// Read implements Reader.
func (o *one) Read(r *record.Record) bool {
	if len(*o) == 0 {
		return false
	}
	*r, *o = (*o)[0], (*o)[1:]
	return true
}

func joinSide(t *testing.T) (*statestore.DB, *statestore.Store, *statestore.JoinWindow[string, string]) {
	t.Helper()
	db := statestore.OpenMemory()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := db.Store(statestore.Spec{Name: "s", Kind: statestore.DuplicateWindow, Retention: time.Hour, WindowSize: time.Second}, 0)
	if err != nil {
		t.Fatal(err)
	}
	w, err := statestore.NewJoinWindow(s, serde.String, serde.String)
	if err != nil {
		t.Fatal(err)
	}
	return db, s, w
}
