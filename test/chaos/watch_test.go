//go:build unix

package chaos

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// watcher asks the broker about one group, often: it has one connection for
// all its questions.
type watcher struct {
	t     *testing.T
	adm   *kadm.Client
	group string
}

func newWatcher(t *testing.T, addr, group string) *watcher {
	return &watcher{t: t, adm: kafkatest.Admin(t, addr), group: group}
}

// committed returns the group's committed offsets.
func (w *watcher) committed() kadm.Offsets {
	w.t.Helper()
	got, err := w.adm.FetchOffsets(w.t.Context(), w.group)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		w.t.Fatalf("committed offsets of %s: %v", w.group, err)
	}
	return got.Offsets()
}

// ends returns the topics' high watermarks.
func (w *watcher) ends(topics ...string) kadm.Offsets {
	w.t.Helper()
	got, err := w.adm.ListEndOffsets(w.t.Context(), topics...)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		w.t.Fatalf("end offsets of %v: %v", topics, err)
	}
	return got.Offsets()
}

// lags says where the group hasn't committed the end of a topic.
func (w *watcher) lags(topics ...string) []string {
	w.t.Helper()
	var out []string
	committed := w.committed()
	w.ends(topics...).Each(func(end kadm.Offset) {
		// Nothing is ever committed of an empty partition.
		if at, _ := committed.Lookup(end.Topic, end.Partition); at.At < end.At {
			out = append(out, fmt.Sprintf("%s-%d: committed %d, end %d", end.Topic, end.Partition, at.At, end.At))
		}
	})
	return out
}

// members returns how many members the group has.
func (w *watcher) members() int {
	w.t.Helper()
	got, err := w.adm.DescribeGroups(w.t.Context(), w.group)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		w.t.Fatalf("describe group %s: %v", w.group, err)
	}
	return len(got[w.group].Members)
}

// transactions returns the start of each open transaction of the application,
// by transactional id.
func (w *watcher) transactions() map[string]int64 {
	w.t.Helper()
	listed, err := w.adm.ListTransactions(w.t.Context(), nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort"})
	if err != nil {
		w.t.Fatalf("list transactions: %v", err)
	}
	var ids []string
	for _, id := range listed.TransactionalIDs() {
		if strings.HasPrefix(id, w.group) {
			ids = append(ids, id)
		}
	}
	starts := map[string]int64{}
	if len(ids) == 0 {
		return starts
	}
	described, err := w.adm.DescribeTransactions(w.t.Context(), ids...)
	if err != nil {
		w.t.Fatalf("describe transactions: %v", err)
	}
	for id, d := range described {
		if d.Err != nil {
			w.t.Fatalf("describe transaction %s: %v", id, d.Err)
		}
		starts[id] = d.StartTimestamp
	}
	return starts
}

// sum adds offsets up.
func sum(o kadm.Offsets) int64 {
	var n int64
	o.Each(func(o kadm.Offset) { n += o.At })
	return n
}
