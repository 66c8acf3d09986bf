package kafka

import (
	"time"

	"github.com/IBM/sarama"
)

// netTimeout replaces sarama's 30 s where the user gave no configuration: an
// application whose brokers can't be reached should say so soon, and an answer that
// doesn't come must be given up before the brokers give the transaction up.
const netTimeout = 10 * time.Second

// deriveConfig copies base and sets what the protocol code here relies on.
// Security, network and proxy settings stay the user's.
func deriveConfig(base *sarama.Config, clientID string) *sarama.Config {
	var conf sarama.Config
	if base != nil {
		conf = *base
	} else {
		conf = *sarama.NewConfig()
		conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = netTimeout, netTimeout, netTimeout
	}
	if !conf.Version.IsAtLeast(sarama.V4_0_0_0) {
		conf.Version = sarama.V4_0_0_0
	}
	conf.ClientID = clientID
	conf.Consumer.IsolationLevel = sarama.ReadCommitted
	conf.ApiVersionsRequest = true
	// Fetching metadata of every topic of a large cluster costs megabytes.
	conf.Metadata.Full = false
	conf.Metadata.AllowAutoTopicCreation = false
	// sarama sleeps between its retries, whatever happens to the caller's
	// context. Retrying is done here instead, under that context.
	conf.Metadata.Retry.Max = 0
	conf.Net.MaxOpenRequests = 5
	// The high-level producer isn't used, and its checks contradict the above.
	conf.Producer.Idempotent = false
	conf.Producer.Transaction.ID = ""
	return &conf
}
