//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

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
	var got kadm.OffsetResponses
	w.ask("committed offsets of "+w.group, func(ctx context.Context) (err error) {
		if got, err = w.adm.FetchOffsets(ctx, w.group); err == nil {
			err = got.Error()
		}
		if errors.Is(err, kerr.GroupIDNotFound) {
			return nil
		}
		return err
	})
	return got.Offsets()
}

// ask repeats a question to the broker as long as it fails in a way that
// passes: a new broker creates its internal topics only now.
func (w *watcher) ask(what string, f func(context.Context) error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		if !kerr.IsRetriable(err) || ctx.Err() != nil {
			w.t.Fatalf("%s: %v", what, err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// ends returns the topics' high watermarks.
func (w *watcher) ends(topics ...string) kadm.Offsets {
	w.t.Helper()
	var got kadm.ListedOffsets
	w.ask(fmt.Sprintf("end offsets of %v", topics), func(ctx context.Context) (err error) {
		if got, err = w.adm.ListEndOffsets(ctx, topics...); err == nil {
			err = got.Error()
		}
		return err
	})
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

// members returns how many members the group has; none as long as there's no group.
func (w *watcher) members() int {
	w.t.Helper()
	var got kadm.DescribedGroups
	w.ask("describe group "+w.group, func(ctx context.Context) (err error) {
		if got, err = w.adm.DescribeGroups(ctx, w.group); err == nil {
			err = got.Error()
		}
		if errors.Is(err, kerr.GroupIDNotFound) {
			return nil
		}
		return err
	})
	return len(got[w.group].Members)
}

// transactions returns the start of each open transaction of the application,
// by transactional id.
func (w *watcher) transactions() map[string]int64 {
	w.t.Helper()
	starts := map[string]int64{}
	w.ask("open transactions of "+w.group, func(ctx context.Context) error {
		listed, err := w.adm.ListTransactions(ctx, nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort"})
		if err != nil {
			return err
		}
		ids := slices.DeleteFunc(listed.TransactionalIDs(), func(id string) bool { return !strings.HasPrefix(id, w.group) })
		if len(ids) == 0 {
			return nil
		}
		described, err := w.adm.DescribeTransactions(ctx, ids...)
		for id, d := range described {
			err = errors.Join(err, d.Err)
			starts[id] = d.StartTimestamp
		}
		return err
	})
	return starts
}

// sum adds offsets up.
func sum(o kadm.Offsets) int64 {
	var n int64
	o.Each(func(o kadm.Offset) { n += o.At })
	return n
}
