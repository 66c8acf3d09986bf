package broker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Option changes how a broker is started.
type Option func(*settings) error

// settings are what the options change.
type settings struct {
	// listen is the address that listeners are bound to.
	listen     string
	ports      []int
	properties map[string]string
}

// Property sets one property of the broker's configuration, over the default.
func Property(name, value string) Option {
	return func(s *settings) error {
		s.properties[name] = value
		return nil
	}
}

// properties is the configuration of a single node for tests: nothing is
// replicated, no record is old enough to be deleted, groups start at once, and
// sessions may be short.
func properties(dir, listen string, port, controller int) map[string]string {
	return map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       fmt.Sprintf("1@127.0.0.1:%d", controller),
		"listeners":                      fmt.Sprintf("PLAINTEXT://%s:%d,CONTROLLER://127.0.0.1:%d", listen, port, controller),
		"advertised.listeners":           fmt.Sprintf("PLAINTEXT://127.0.0.1:%d", port),
		"controller.listener.names":      "CONTROLLER",
		"inter.broker.listener.name":     "PLAINTEXT",
		"log.dirs":                       dir + "/data",
		"auto.create.topics.enable":      "false",
		"num.network.threads":            "2",
		"num.io.threads":                 "4",
		"log.retention.ms":               "-1",
		"log.index.size.max.bytes":       "1048576",
		"log.cleaner.dedupe.buffer.size": "16777216",

		"offsets.topic.replication.factor":                 "1",
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		"share.coordinator.state.topic.num.partitions":     "1",

		"group.initial.rebalance.delay.ms": "0",
		"group.min.session.timeout.ms":     "1000",
		// Transactions of processes that died for good are aborted as soon as their
		// timeout is over, not at the next ten seconds.
		"transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
	}
}

// render writes properties in the format of Java's property files, where a line
// ends a value.
func render(p map[string]string) string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", k, escape.Replace(p[k]))
	}
	return b.String()
}
