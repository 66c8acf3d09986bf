package changelog

import (
	"maps"
	"math"
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// TestConfigs has the values that Kafka Streams 4.3.1 creates its topics with.
func TestConfigs(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		spec statestore.Spec
		want map[string]string
	}{
		{statestore.Spec{Kind: statestore.TimestampedKeyValue}, map[string]string{"cleanup.policy": "compact"}},
		{statestore.Spec{Kind: statestore.PlainKeyValue}, map[string]string{"cleanup.policy": "compact"}},
		{statestore.Spec{Kind: statestore.TimestampedWindow, Retention: 15 * minute},
			map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "87300000"}},
		{statestore.Spec{Kind: statestore.TimestampedWindow, Retention: math.MaxInt64},
			map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "9223372036854775807"}},
		{statestore.Spec{Kind: statestore.SessionWindow, Retention: 15 * minute},
			map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "87300000"}},
		{statestore.Spec{Kind: statestore.DuplicateWindow, Retention: 25 * minute},
			map[string]string{"cleanup.policy": "delete", "retention.ms": "87900000"}},
		{statestore.Spec{Kind: statestore.VersionedKeyValue, Retention: 10 * minute},
			map[string]string{"cleanup.policy": "compact", "min.compaction.lag.ms": "87000000"}},
		{statestore.Spec{Kind: statestore.SessionWindow, TopicConfig: map[string]string{"retention.ms": "7", "segment.ms": "8"}},
			map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "7", "segment.ms": "8"}},
	} {
		c.want["message.timestamp.type"] = "CreateTime"
		if got := Configs(c.spec); !maps.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.spec.Kind, got, c.want)
		}
	}
}
