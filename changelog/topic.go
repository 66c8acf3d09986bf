package changelog

import (
	"maps"
	"strconv"
	"time"

	"github.com/oncestream/oncestream/statestore"
)

// additionalRetention is added to the retention of window changelogs, so that
// the clocks of brokers and records may differ (Kafka Streams'
// windowstore.changelog.additional.retention.ms).
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
	if spec.Kind == statestore.TimestampedWindow {
		c["cleanup.policy"] = "compact,delete"
		c["retention.ms"] = strconv.FormatInt((spec.Retention + additionalRetention).Milliseconds(), 10)
	}
	maps.Copy(c, spec.TopicConfig)
	return c
}
