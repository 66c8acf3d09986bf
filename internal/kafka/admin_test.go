package kafka

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
)

func TestPartitions(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(3, "a"), kfake.SeedTopics(1, "b"), kfake.AllowAutoTopicCreation())
	c := newTestClient(t, cl)
	for range 2 {
		got, err := c.Partitions(t.Context(), "a", "b", "missing")
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]int32{"a": 3, "b": 1}; !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestEnsureTopics(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(3, "there"))
	c := newTestClient(t, cl)
	topics := []Topic{
		{Name: "there", Partitions: 3},
		{Name: "new", Partitions: 2, Configs: map[string]string{"cleanup.policy": "compact", "retention.ms": "-1"}},
	}
	for range 2 {
		if err := c.EnsureTopics(t.Context(), topics); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.TopicConfigs(t.Context(), []string{"new"}, "cleanup.policy", "retention.ms")
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got["new"], topics[1].Configs) {
		t.Errorf("configs %v", got)
	}
	err = c.EnsureTopics(t.Context(), []Topic{{Name: "there", Partitions: 5}, {Name: "new", Partitions: 2}})
	e, ok := errors.AsType[*PartitionCountError](err)
	if !ok || *e != (PartitionCountError{Topic: "there", Has: 3, Want: 5}) || !strings.Contains(err.Error(), "reset the application") {
		t.Errorf("a wrong count: %v", err)
	}
}

// TestEnsureTopicsRace answers that the topic has come to exist meanwhile, with
// a right and with a wrong number of partitions.
func TestEnsureTopicsRace(t *testing.T) {
	for _, other := range []int32{2, 4} {
		cl := newCluster(t)
		cl.ControlKey(int16(kmsg.CreateTopics), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
			if err := cl.CreateTopic("new", other, nil); err != nil {
				t.Error(err)
			}
			return nil, nil, false
		})
		err := newTestClient(t, cl).EnsureTopics(t.Context(), []Topic{{Name: "new", Partitions: 2}})
		if _, wrong := errors.AsType[*PartitionCountError](err); wrong != (other != 2) || !wrong && err != nil {
			t.Errorf("created by another with %d partitions: %v", other, err)
		}
	}
}

func TestEnsureTopicsErrors(t *testing.T) {
	for _, tc := range []struct {
		code    *kerr.Error
		succeed bool
	}{
		{kerr.NotController, true},
		{kerr.RequestTimedOut, true},
		{kerr.ThrottlingQuotaExceeded, true},
		{kerr.ClusterAuthorizationFailed, false},
		{kerr.PolicyViolation, false},
		{kerr.InvalidReplicationFactor, false},
	} {
		t.Run(tc.code.Message, func(t *testing.T) {
			cl := newCluster(t)
			cl.ControlKey(int16(kmsg.CreateTopics), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
				resp := kreq.ResponseKind().(*kmsg.CreateTopicsResponse)
				st := kmsg.NewCreateTopicsResponseTopic()
				st.Topic, st.ErrorCode = "new", tc.code.Code
				resp.Topics = append(resp.Topics, st)
				return resp, nil, true
			})
			err := newTestClient(t, cl).EnsureTopics(t.Context(), []Topic{{Name: "new", Partitions: 1}})
			if (err == nil) != tc.succeed || err != nil && !errors.Is(err, sarama.KError(tc.code.Code)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestListOffsets(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"), kfake.NumBrokers(2))
	fill(t, cl, "in", 0, 4)
	if err := cl.DeleteRecords("in", 0, 1); err != nil {
		t.Fatal(err)
	}
	p := newProducer(t, cl, kgo.TransactionalID("tx"))
	if err := p.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, p, &kgo.Record{Topic: "in", Value: []byte("open")})
	c := newTestClient(t, cl)
	both := []record.TopicPartition{tp("in", 0), tp("in", 1)}
	for _, tc := range []struct {
		at   OffsetSpec
		want [2]int64
	}{
		{LogStart, [2]int64{1, 0}},
		{HighWatermark, [2]int64{5, 0}},
		{LastStable, [2]int64{4, 0}},
		{1, [2]int64{1, -1}},
	} {
		got, err := c.ListOffsets(t.Context(), both, tc.at)
		if err != nil || got[both[0]] != tc.want[0] || got[both[1]] != tc.want[1] {
			t.Errorf("at %d: %v, %v, want %v", tc.at, got, err, tc.want)
		}
	}
	if err := p.EndTransaction(testContext(t), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

// TestLeaderMovedForList moves leaders behind the client's back.
func TestLeaderMovedForList(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"), kfake.NumBrokers(2))
	fill(t, cl, "in", 0, 2)
	c := newTestClient(t, cl)
	for _, node := range []int32{0, 1, 0} {
		if err := cl.MoveTopicPartition("in", 0, node); err != nil {
			t.Fatal(err)
		}
		got, err := c.ListOffsets(t.Context(), []record.TopicPartition{tp("in", 0)}, HighWatermark)
		if err != nil || got[tp("in", 0)] != 2 {
			t.Errorf("leader %d: %v, %v", node, got, err)
		}
		if err := c.DeleteRecords(t.Context(), map[record.TopicPartition]int64{tp("in", 0): 1}); err != nil {
			t.Errorf("leader %d: %v", node, err)
		}
	}
}

func TestDeleteRecords(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"))
	fill(t, cl, "in", 0, 4)
	fill(t, cl, "in", 1, 4)
	c := newTestClient(t, cl)
	upTo := map[record.TopicPartition]int64{tp("in", 0): 3, tp("in", 1): 1}
	if err := c.DeleteRecords(t.Context(), upTo); err != nil {
		t.Fatal(err)
	}
	got, err := c.ListOffsets(t.Context(), []record.TopicPartition{tp("in", 0), tp("in", 1)}, LogStart)
	if err != nil || !maps.Equal(got, upTo) {
		t.Errorf("log starts %v, %v", got, err)
	}
	err = c.DeleteRecords(t.Context(), map[record.TopicPartition]int64{tp("in", 0): 99})
	if Classify(err) != OutOfRange || !strings.Contains(err.Error(), "in-0") {
		t.Errorf("behind the end: %v", err)
	}
}

func TestCommitAndFetchOffsets(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"))
	c := newTestClient(t, cl)
	none := GroupMeta{Group: "g", Generation: -1}
	want := Offset{At: 5, Metadata: EncodeOffsetMetadata(9), Ok: true}
	if err := c.CommitOffsets(t.Context(), none, map[record.TopicPartition]Offset{tp("in", 0): want}); err != nil {
		t.Fatal(err)
	}
	got, err := c.CommittedOffsets(t.Context(), "g", []record.TopicPartition{tp("in", 0), tp("in", 1)})
	if err != nil || got[tp("in", 0)] != want || got[tp("in", 1)].Ok {
		t.Errorf("got %+v, %v", got, err)
	}
	err = c.CommitOffsets(t.Context(), GroupMeta{Group: "g", MemberID: "gone", Generation: 3}, map[record.TopicPartition]Offset{tp("in", 0): want})
	if class := Classify(err); class != Rejoin && class != Generation {
		t.Errorf("as a member that isn't one: %v", err)
	}
}

// TestCoordinatorMoves answers group requests with errors that pass.
func TestCoordinatorMoves(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.UnstableOffsetCommit} {
		cl := newCluster(t, kfake.SeedTopics(1, "in"))
		var failed atomic.Bool
		cl.ControlKey(int16(kmsg.OffsetFetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
			failed.Store(true)
			resp := kreq.ResponseKind().(*kmsg.OffsetFetchResponse)
			g := kmsg.NewOffsetFetchResponseGroup()
			g.Group, g.ErrorCode = "g", code.Code
			resp.Groups = append(resp.Groups, g)
			return resp, nil, true
		})
		c := newTestClient(t, cl)
		got, err := c.CommittedOffsets(t.Context(), "g", []record.TopicPartition{tp("in", 0)})
		if err != nil || got[tp("in", 0)].Ok || !failed.Load() {
			t.Errorf("%s: %v, %v, answered %t", code.Message, got, err, failed.Load())
		}
	}
}

// TestRequestEndsWithContext lets a broker not answer at all.
func TestRequestEndsWithContext(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	c := newTestClient(t, cl)
	asked, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	cl.ControlKey(int16(kmsg.OffsetFetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(asked)
		<-done
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.CommittedOffsets(ctx, "g", []record.TopicPartition{tp("in", 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
