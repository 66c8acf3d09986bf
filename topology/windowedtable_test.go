package topology_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// counts counts the records of a topic by key and window.
func counts(b *builder, topic string, w topology.Windows) *topology.WindowedTable[string, int64] {
	return b.Stream(topic, str, str).GroupByKey(str, str).WindowedBy(w).Count(topology.StoreAs(topic, serde.Int64))
}

// The rows of a table name windows by key and start. They are found in all partitions,
// whose number the key alone chooses.
func TestWindowsAsForeignKeys(t *testing.T) {
	for name, w := range map[string]struct {
		windows topology.Windows
		start   int64
	}{
		"tumbling": {topology.Tumbling(10 * time.Millisecond).Grace(time.Hour), 10},
		"sliding":  {topology.Sliding(10 * time.Millisecond).Grace(time.Hour), 5},
		"endless":  {topology.Unlimited(time.UnixMilli(0)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			marks := b.Table("marks", str, topology.StoreAs("marks", str))
			of := func(_, mark string) (topology.Windowed[string], bool) {
				key, start, ok := strings.Cut(mark, "@")
				ms, err := strconv.ParseInt(start, 10, 64)
				return topology.Windowed[string]{Key: key, Start: ms}, ok && err == nil
			}
			marks.JoinByForeignKey("of", counts(b, "in", w.windows), of, func(mark string, n int64) string {
				return fmt.Sprint(mark, "=", n)
			}).ToStream().To("out", str, str)
			d := start(b, driver.WithPartitions("in", 5), driver.WithPartitions("marks", 2))
			in, mark := d.Input("in", str, str), d.Input("marks", str, str)
			var want []string
			for i := range 20 {
				key := fmt.Sprint("k", i)
				in.PipeAt(15, key, "x")
				mark.PipeAt(20, fmt.Sprint("m", i), fmt.Sprint(key, "@", w.start))
				want = append(want, fmt.Sprint(key, "@", w.start, "=1"))
			}
			var got []string
			for _, r := range d.Output("out", str, str).ReadAll() {
				got = append(got, r.Value)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

// Windows come back from their stores with the ends that they had, and after a restart
// they are what they were.
func TestEndsOfMaterializedWindows(t *testing.T) {
	for name, w := range map[string]struct {
		windows topology.Windows
		want    string
	}{
		"tumbling": {topology.Tumbling(10 * time.Millisecond), "k 0-10 k 10-20"},
		"hopping":  {topology.Hopping(10*time.Millisecond, 6*time.Millisecond), "k 0-10 k 6-16 k 12-22"},
		"sliding":  {topology.Sliding(10 * time.Millisecond), "k 0-10 k 3-13"},
		"endless":  {topology.Unlimited(time.UnixMilli(1)), fmt.Sprint("k 1-", int64(math.MaxInt64))},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			all := counts(b, "in", w.windows).MapValues(func(n int64) string { return fmt.Sprint(n) }).
				Materialize(topology.StoreAs("all", str)).Rows()
			var got []string
			b.Stream("ask", str, str).Process(func() topology.Processor[string, string, string, string] {
				return topology.ProcessorFunc[string, string, string, string](func(c *topology.Context[string, string], _ topology.Record[string, string]) error {
					rows, err := c.Open(all)
					if err != nil {
						return err
					}
					for r, err := range rows.All() {
						if err != nil {
							return err
						}
						got = append(got, fmt.Sprintf("%s %d-%d", r.Key.Key, r.Key.Start, r.Key.End))
					}
					return nil
				})
			}, all)
			d := start(b, driver.WithRecordCache(1000))
			defer func() {
				if d.Err() != nil {
					t.Error(d.Err())
				}
			}()
			d.Input("in", str, str).PipeAt(2, "k", "x")
			d.Input("in", str, str).PipeAt(13, "k", "y")
			d.Commit()
			d.Crash(driver.LoseDisk)
			d.Input("ask", str, str).PipeAt(14, "", "")
			if got := strings.Join(got, " "); got != w.want {
				t.Errorf("got %s, want %s", got, w.want)
			}
		})
	}
}
