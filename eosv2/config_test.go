package eosv2

import (
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

func TestValidate(t *testing.T) {
	c := newCluster(t, 1)
	old := newClient(t, c.ListenAddrs(), func(cc *sarama.Config) { cc.Version = sarama.V2_5_0_0 })
	narrow := newClient(t, c.ListenAddrs(), func(cc *sarama.Config) { cc.Net.MaxOpenRequests = 1 })
	for _, tc := range []struct {
		name string
		tune func(*Config)
		want string // in the error, empty for none
	}{
		{"zero values", func(*Config) {}, ""},
		{"one in flight", func(c *Config) { c.Client, c.MaxInFlight = narrow, 1 }, ""},
		{"at least once needs no id", func(c *Config) { c.Mode, c.TransactionalID = AtLeastOnce, "" }, ""},
		{"no client", func(c *Config) { c.Client = nil }, "Config.Client"},
		{"old client", func(c *Config) { c.Client = old }, "Config.Client: its Version is 2.5.0"},
		{"narrow client", func(c *Config) { c.Client = narrow }, "Net.MaxOpenRequests is 1, less than MaxInFlight 5"},
		{"no id", func(c *Config) { c.TransactionalID = "" }, "Config.TransactionalID"},
		{"mode", func(c *Config) { c.Mode = 7 }, "Config.Mode"},
		{"in flight", func(c *Config) { c.MaxInFlight = 6 }, "Config.MaxInFlight"},
		{"request", func(c *Config) { c.RequestBytes = 1 << 30 }, "Config.RequestBytes"},
		{"timeout", func(c *Config) { c.TransactionTimeout = -1 }, "Config.TransactionTimeout"},
		{"batch", func(c *Config) { c.BatchBytes = -1 }, "Config.BatchBytes"},
		{"linger", func(c *Config) { c.Linger = -1 }, "Config.Linger"},
		{"delivery", func(c *Config) { c.DeliveryTimeout = -1 }, "Config.DeliveryTimeout"},
		{"buffer", func(c *Config) { c.BufferBytes = -1 }, "Config.BufferBytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Config{Client: c.client, TransactionalID: "id"}
			tc.tune(&cfg)
			err := cfg.Validate()
			if tc.want == "" {
				must(t, err)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("%v does not name %q", err, tc.want)
			}
			if _, err := New(cfg); err == nil {
				t.Fatal("New accepts it")
			}
		})
	}
}

func TestUnknownTopic(t *testing.T) {
	c := newCluster(t, 1, func(cc *sarama.Config) { cc.Metadata.Retry.Max = 0; cc.Metadata.AllowAutoTopicCreation = false })
	p := c.uninitialised(t)
	_, err := p.Topic(t.Context(), "nowhere")
	if e := wantClass(t, err, ClassFatal); e.Topic != "nowhere" {
		t.Fatal(e)
	}
	if a := topic(t, p, "a"); a != topic(t, p, "a") {
		t.Fatal("two handles for one topic")
	}
}

func TestTopicClass(t *testing.T) {
	for err, want := range map[error]Class{
		sarama.ErrUnknownTopicOrPartition:  ClassFatal,
		sarama.ErrInvalidTopic:             ClassFatal,
		sarama.ErrTopicAuthorizationFailed: ClassFatal,
		sarama.ErrClosedClient:             ClassFatal,
		sarama.ErrLeaderNotAvailable:       ClassAbort,
		sarama.ErrOutOfBrokers:             ClassAbort,
	} {
		if got := topicClass(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}
