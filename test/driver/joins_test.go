package driver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func concat(l, r string) string { return l + r }

// The answer that there's no right row comes after the left row has changed again.
// Its result goes all the same, whatever the row has become.
func TestForeignKeyAnswerTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		rows []string // that the left row becomes in one transaction, "" for a deletion
		want string
	}{
		"the same foreign key": {[]string{"2:b", "2:c"}, ""},
		"another one":          {[]string{"2:b", "3:c"}, ""},
		"one that has a row":   {[]string{"2:b", "1:c"}, "1:c right"},
		"none":                 {[]string{":b", ":c"}, ""},
		"deleted":              {[]string{":b", ""}, ""},
		"made anew":            {[]string{"", "2:c"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			top := build(t, func(b *topology.Builder) {
				left, right := b.Table("left", serde.String, topology.StoreAs("l", serde.String)), b.Table("right", serde.String, topology.StoreAs("r", serde.String))
				foreignKey := func(_, v string) (string, bool) {
					key, _, _ := strings.Cut(v, ":")
					return key, key != ""
				}
				left.JoinByForeignKey("join", right, foreignKey, concat).Materialize(topology.StoreAs("joined", serde.String))
			})
			d := driver.ForTest(t, top, driver.WithCommitInterval(time.Second))
			settle := func() {
				for range 4 {
					d.Commit()
				}
			}
			d.Input("right", serde.String, serde.String).Pipe("1", " right")
			left := d.Input("left", serde.String, serde.String)
			left.Pipe("k", "1:a")
			settle()
			if v, _ := d.KeyValue("joined", serde.String, serde.String).Get("k"); v != "1:a right" {
				t.Fatalf("joined %q", v)
			}
			for _, row := range c.rows {
				left.PipeRecord(driver.Record[string, string]{Key: "k", Value: row, NullValue: row == ""})
			}
			settle()
			if v, _ := d.KeyValue("joined", serde.String, serde.String).Get("k"); v != c.want {
				t.Errorf("joined %q, want %q", v, c.want)
			}
		})
	}
}

// Both rows of a join are deleted before either deletion is passed on.
func TestJoinedRowsDeletedUnseen(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		left, right := b.Table("left", serde.String, topology.StoreAs("l", serde.String)), b.Table("right", serde.String, topology.StoreAs("r", serde.String))
		left.Filter(func(string, string) bool { return true }).Join(right, concat).Materialize(topology.StoreAs("joined", serde.String))
	})
	d := driver.ForTest(t, top, driver.WithCommitInterval(time.Second), driver.WithRecordCache(1<<20))
	for _, topic := range []string{"left", "right"} {
		d.Input(topic, serde.String, serde.String).Pipe("k", topic)
	}
	d.Commit()
	if v, _ := d.KeyValue("joined", serde.String, serde.String).Get("k"); v != "leftright" {
		t.Fatalf("joined %q", v)
	}
	for _, topic := range []string{"left", "right"} {
		d.Input(topic, serde.String, serde.String).PipeRecord(driver.Record[string, string]{Key: "k", NullValue: true})
	}
	d.Commit()
	if v, ok := d.KeyValue("joined", serde.String, serde.String).Get("k"); ok {
		t.Errorf("joined %q, though neither row is there any more", v)
	}
}
