package oncestream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream"
)

func TestConfigMistakes(t *testing.T) {
	good := oncestream.Config{ApplicationID: "app", Brokers: []string{"localhost:9092"}}
	top := wordCount(t, "in", "out")
	if _, err := oncestream.New(top, good); err != nil {
		t.Fatalf("the smallest configuration is refused: %v", err)
	}
	for field, spoil := range map[string]func(*oncestream.Config){
		"ApplicationID":      func(c *oncestream.Config) { c.ApplicationID = "a b" },
		"Brokers":            func(c *oncestream.Config) { c.Brokers = nil },
		"Guarantee":          func(c *oncestream.Config) { c.Guarantee = 7 },
		"Workers":            func(c *oncestream.Config) { c.Workers = -1 },
		"CommitInterval":     func(c *oncestream.Config) { c.CommitInterval = time.Minute },
		"CommitBytes":        func(c *oncestream.Config) { c.CommitBytes = -1 },
		"TransactionTimeout": func(c *oncestream.Config) { c.TransactionTimeout = time.Minute },
		"DiscoveryInterval":  func(c *oncestream.Config) { c.DiscoveryInterval = -1 },
		"SessionTimeout":     func(c *oncestream.Config) { c.SessionTimeout = -1 },
		"HeartbeatInterval":  func(c *oncestream.Config) { c.HeartbeatInterval = time.Hour },
		"MaxPollInterval":    func(c *oncestream.Config) { c.MaxPollInterval = time.Second },
		"ReplicationFactor":  func(c *oncestream.Config) { c.ReplicationFactor = -3 },
		"CacheBytes":         func(c *oncestream.Config) { c.CacheBytes = -1 },
		"RecordCacheBytes":   func(c *oncestream.Config) { c.RecordCacheBytes = -1 },
	} {
		t.Run(field, func(t *testing.T) {
			cfg := good
			spoil(&cfg)
			_, err := oncestream.New(top, cfg)
			if err == nil || !strings.Contains(err.Error(), "Config."+field+":") {
				t.Errorf("got %v, want an error that names Config.%s", err, field)
			}
		})
	}
	if _, err := oncestream.New(nil, good); err == nil {
		t.Error("a nil topology is accepted")
	}
}
