package kafkatest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// metadataAge is how soon a client looks again for a partition that it can't reach.
// By default it waits for seconds, and a topic that was just made is often not ready.
const metadataAge = 50 * time.Millisecond

// Client returns a client that is closed at the end of the test. addr is one
// address or several, separated by commas.
func Client(tb testing.TB, addr string, opts ...kgo.Opt) *kgo.Client {
	tb.Helper()
	opts = append([]kgo.Opt{kgo.SeedBrokers(strings.Split(addr, ",")...), kgo.MetadataMinAge(metadataAge)}, opts...)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		tb.Fatalf("kafkatest: client: %v", err)
	}
	tb.Cleanup(cl.Close)
	return cl
}

// Admin returns an administration client that is closed at the end of the test.
func Admin(tb testing.TB, addr string) *kadm.Client {
	tb.Helper()
	return kadm.NewClient(Client(tb, addr))
}

// Unique returns the name with a suffix which tells apart the topics, groups and
// transactional ids of tests, and of several runs, on one broker.
func Unique(name string) string {
	return fmt.Sprintf("%s-%x", name, time.Now().UnixNano())
}

// CreateTopic creates a topic with replication factor 1 and the given
// configuration, which may be nil, and waits until its partitions have leaders.
func CreateTopic(tb testing.TB, addr, name string, partitions int32, configs map[string]string) {
	tb.Helper()
	set := make(map[string]*string, len(configs))
	for k, v := range configs {
		set[k] = &v
	}
	adm := Admin(tb, addr)
	if _, err := adm.CreateTopic(tb.Context(), partitions, 1, set, name); err != nil {
		tb.Fatalf("kafkatest: create topic %s: %v", name, err)
	}
	poll(tb, "leaders of "+name, func() (bool, error) {
		t, err := adm.ListTopics(tb.Context(), name)
		if err != nil {
			return false, err
		}
		return len(led(t[name])) == int(partitions), nil
	})
}

// led returns the partitions of a topic that have a leader.
func led(t kadm.TopicDetail) []int32 {
	var ps []int32
	for _, p := range t.Partitions.Sorted() {
		if p.Err == nil && p.Leader >= 0 {
			ps = append(ps, p.Partition)
		}
	}
	return ps
}
