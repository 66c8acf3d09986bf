package changelog

import (
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// additionalRetention is added to the retention of changelogs of stores whose
// entries expire, so that the clocks of brokers and records may differ (the
// default of Kafka Streams' windowstore.changelog.additional.retention.ms).
const additionalRetention = 24 * time.Hour

// Topic returns the name of a store's changelog topic,
// <application id>-<store>-changelog.
func Topic(applicationID, store string) string { return applicationID + "-" + store + "-changelog" }

// Configs returns the topic configs that a changelog is created with: those
// that Kafka Streams sets for a store of this kind, overridden by the store's
// own.
func Configs(spec statestore.Spec) map[string]string {
	c := map[string]string{
		"cleanup.policy":         "compact",
		"message.timestamp.type": "CreateTime",
	}
	retention := strconv.FormatInt(retentionMs(spec.Retention), 10)
	switch spec.Kind {
	case statestore.TimestampedWindow, statestore.SessionWindow:
		c["cleanup.policy"] = "compact,delete"
		c["retention.ms"] = retention
	case statestore.DuplicateWindow:
		// No two records have the same key: there's nothing to compact.
		c["cleanup.policy"] = "delete"
		c["retention.ms"] = retention
	case statestore.VersionedKeyValue:
		// Compaction would drop all but the latest version.
		c["min.compaction.lag.ms"] = retention
	}
	maps.Copy(c, spec.TopicConfig)
	return c
}

// retentionMs is how long a topic keeps what its store keeps for the retention. For
// windows that never end that's for ever.
func retentionMs(store time.Duration) int64 {
	if store > math.MaxInt64-additionalRetention {
		return math.MaxInt64
	}
	return (store + additionalRetention).Milliseconds()
}
