package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestConfirmed answers the fetches of a partition one after the other and looks, when
// the next one comes, at what the last answer has confirmed.
func TestConfirmed(t *testing.T) {
	steps := []struct {
		name     string
		answer   answer
		confirms bool
	}{
		{"empty", answer{}, true},
		{"leader unknown", answer{code: kerr.NotLeaderForPartition.Code, hw: -1}, false},
		{"failed", answer{code: kerr.UnknownServerError.Code, hw: -1}, false},
		{"still empty", answer{}, true},
		{"record of an open transaction", answer{hw: 1}, false},
		{"first of two records", answer{batches: batch{first: 0, values: []string{"a"}}.bytes(), hw: 2}, false},
		{"last record", answer{batches: batch{first: 1, values: []string{"b"}}.bytes(), hw: 2}, true},
		{"failed at the end", answer{code: kerr.KafkaStorageError.Code, hw: -1}, false},
	}
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	f := newTestFetcher(t, cl, FetchConfig{ReadCommitted: true})
	in, n, done := tp("in", 0), 0, make(chan struct{})
	called := []time.Time{time.Now()} // the first one is when the test began
	var last time.Time
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		if n > len(steps) {
			return answer{code: kerr.TopicAuthorizationFailed.Code, hw: -1}, true
		}
		called = append(called, time.Now())
		got := f.Confirmed(in, p.FetchOffset)
		switch {
		case n > 0 && steps[n-1].confirms:
			if got.Before(called[n-1]) || got.After(called[n]) {
				t.Errorf("%s: confirmed until %v, want the time of the request, between %v and %v", steps[n-1].name, got, called[n-1], called[n])
			}
		case !got.Equal(last):
			t.Errorf("before step %d: confirmed until %v, want %v still", n, got, last)
		}
		if behind := f.Confirmed(in, p.FetchOffset-1); !behind.IsZero() {
			t.Errorf("before step %d: confirmed until %v at a position that more was fetched from", n, behind)
		}
		last = got
		if n++; n > len(steps) {
			close(done)
			return answer{code: kerr.TopicAuthorizationFailed.Code, hw: -1}, true
		}
		return steps[n-1].answer, true
	})
	f.Assign(in, 0)
	select {
	case <-done:
	case <-testContext(t).Done():
		t.Fatal("the partition isn't fetched any more")
	}
	if at := f.Confirmed(tp("other", 0), 0); !at.IsZero() {
		t.Errorf("confirmed until %v for a partition that isn't fetched", at)
	}
}

// TestConfirmedAnew asserts that nothing is confirmed of a partition that was assigned
// anew, whatever was before.
func TestConfirmedAnew(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	f := newTestFetcher(t, cl, FetchConfig{MaxWait: 5 * time.Millisecond})
	in := tp("in", 0)
	f.Assign(in, 0)
	nextChunk(t, f).Release()
	if f.Confirmed(in, 0).IsZero() {
		t.Error("an empty partition isn't confirmed")
	}
	cl.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cl.KeepControl()
		return nil, errors.New("closed by the test"), true
	})
	f.Assign(in, 0)
	if at := f.Confirmed(in, 0); !at.IsZero() {
		t.Errorf("confirmed until %v before any answer", at)
	}
}
