package changelog

import (
	"fmt"
	"strings"
	"testing"

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
