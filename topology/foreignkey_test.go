package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

// wantHex checks what was written to a topic whose values are binary.
func (h *harness) wantHex(topic string, want ...string) {
	h.t.Helper()
	var got []string
	for _, o := range h.outputs[topic] {
		at := strings.LastIndex(o, "@")
		key, value, _ := strings.Cut(o[:at], "=")
		got = append(got, fmt.Sprintf("%s=%x%s", key, value, o[at:]))
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("topic %s\n got %q\nwant %q", topic, got, want)
	}
}

// ordersAndCustomers are two tables for a join by foreign key.
func ordersAndCustomers(b *builder) (orders, customers *strTable) {
	return b.Table("orders", str, topology.StoreAs("o", str)), b.Table("customers", str, topology.StoreAs("c", str))
}

func customerFirst(_, order string) (string, bool) {
	customer, _, _ := strings.Cut(order, ":")
	return customer, customer != ""
}

func customerLast(_, order string) (string, bool) {
	_, customer, ok := strings.Cut(order, ":")
	return customer, ok
}

// The expected bytes and results are those of Kafka Streams.
func TestJoinByForeignKey(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.JoinByForeignKey("fk", customers, customerFirst, bar).
		Materialize(topology.StoreAs("joined", str)).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"orders", "o1", "c1:apple", 10}, input{"customers", "c1", "Ann", 20}, input{"orders", "o2", "c1:pear", 15},
		input{"customers", "c1", "Anna", 30}, input{"customers", "c2", "Bob", 5}, input{"orders", "o1", "c2:apple", 40},
		input{"orders", "o2", null, 50}, input{"customers", "c1", null, 60}, input{"customers", "c2", null, 70},
		input{"orders", "o3", "c9:x", 80}, input{"orders", "o3", "c2:x", 85}, input{"customers", "c2", "Bea", 90},
		input{"orders", "o1", "c2:apple", 95},
	)
	h.want("out", "o1=c1:apple|Ann@20", "o2=c1:pear|Ann@20", "o1=c1:apple|Anna@30", "o2=c1:pear|Anna@30", "o1=c2:apple|Bob@40",
		"o2=<null>@50", "o1=<null>@70", "o3=<null>@85", "o1=c2:apple|Bea@90", "o3=c2:x|Bea@90", "o1=c2:apple|Bea@95")
	h.wantHex("fk-subscription-registration-topic",
		"c1=01037f826ca2ad0acacd5256bf1af57f693b6f3100000000@10",
		"c1=010349ae348a5f94a2ebdb88b38d2da344316f3200000000@15",
		"c1=01007766d06c9b2b015a977c4280be09e8376f3100000000@40",
		"c2=01027766d06c9b2b015a977c4280be09e8376f3100000000@40",
		"c1=81016f3200000000@50",
		"c9=01031e8e5a027921aa8799713a342e1b11e86f3300000000@80",
		"c9=0100186eb0c64f129ee6d1317048142c38ae6f3300000000@85",
		"c2=0102186eb0c64f129ee6d1317048142c38ae6f3300000000@85",
		"c2=01037766d06c9b2b015a977c4280be09e8376f3100000000@95")
	h.wantHex("fk-subscription-response-topic",
		"o1=007f826ca2ad0acacd5256bf1af57f693b416e6e@20",
		"o2=0049ae348a5f94a2ebdb88b38d2da34431416e6e@20",
		"o1=007f826ca2ad0acacd5256bf1af57f693b416e6e61@30",
		"o2=0049ae348a5f94a2ebdb88b38d2da34431416e6e61@30",
		"o1=007766d06c9b2b015a977c4280be09e837426f62@40",
		"o2=80@50",
		"o1=007766d06c9b2b015a977c4280be09e837@70",
		"o3=00186eb0c64f129ee6d1317048142c38ae@85",
		"o1=007766d06c9b2b015a977c4280be09e837426561@90",
		"o3=00186eb0c64f129ee6d1317048142c38ae426561@90",
		"o1=007766d06c9b2b015a977c4280be09e837426561@95")
	h.wantRows("joined", "o1=c2:apple|Bea@95", "o3=c2:x|Bea@90")
	h.wantRows("fk-subscription-store",
		"\x00\x00\x00\x02c2o1=\x01\x03\x77\x66\xd0\x6c\x9b\x2b\x01\x5a\x97\x7c\x42\x80\xbe\x09\xe8\x37o1\x00\x00\x00\x00@95",
		"\x00\x00\x00\x02c2o3=\x01\x02\x18\x6e\xb0\xc6\x4f\x12\x9e\xe6\xd1\x31\x70\x48\x14\x2c\x38\xaeo3\x00\x00\x00\x00@85")
	h.wantDropped()
}

func TestLeftJoinByForeignKey(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.LeftJoinByForeignKey("fk", customers, customerLast, leftBar).
		Materialize(topology.StoreAs("joined", str)).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"orders", "o1", "apple:c1", 10}, input{"orders", "o2", "pear", 20}, input{"customers", "c1", "Ann", 30},
		input{"orders", "o2", "pear:c1", 40}, input{"orders", "o1", "apple", 50}, input{"customers", "c1", null, 60},
		input{"orders", "o2", null, 70}, input{"orders", "o2", null, 75}, input{"orders", "o3", "fig:c7", 80},
		input{"customers", null, "nobody", 90}, input{"orders", null, "x:c1", 95}, input{"customers", "c7", "Zed", 5},
	)
	h.want("out", "o1=apple:c1|nil@10", "o2=pear|nil@20", "o1=apple:c1|Ann@30", "o2=pear:c1|Ann@40", "o1=apple|nil@50",
		"o2=pear:c1|nil@60", "o2=<null>@70", "o3=fig:c7|nil@80", "o3=fig:c7|Zed@5")
	h.wantHex("fk-subscription-registration-topic",
		"c1=0102c7e9b422f9da7d3b8a8fe4e9be10554a6f3100000000@10",
		"<null>=0102c3d39684c4cb715ed8fe46831fc5bd7f6f3200000000@20",
		"c1=0102135d8d7a175f94803178294e5f757c056f3200000000@40",
		"c1=0100482adb330ca479e984cb038747aa0ac86f3100000000@50",
		"<null>=0102482adb330ca479e984cb038747aa0ac86f3100000000@50",
		"c1=81006f3200000000@70",
		"<null>=81026f3200000000@70",
		"c7=0102eb9b6806e723aabc387bb91b7f41bcc66f3300000000@80")
	h.wantHex("fk-subscription-response-topic",
		"o1=00c7e9b422f9da7d3b8a8fe4e9be10554a@10",
		"o2=00c3d39684c4cb715ed8fe46831fc5bd7f@20",
		"o1=00c7e9b422f9da7d3b8a8fe4e9be10554a416e6e@30",
		"o2=00135d8d7a175f94803178294e5f757c05416e6e@40",
		"o1=00482adb330ca479e984cb038747aa0ac8@50",
		"o2=00135d8d7a175f94803178294e5f757c05@60",
		"o2=80@70",
		"o3=00eb9b6806e723aabc387bb91b7f41bcc6@80",
		"o3=00eb9b6806e723aabc387bb91b7f41bcc65a6564@5")
	h.wantRows("joined", "o1=apple|nil@50", "o3=fig:c7|Zed@5")
	h.wantDropped("KTABLE-SOURCE-0000000003 null_key", "KTABLE-SOURCE-0000000001 null_key")
}

// An inner join has no place for a row without a foreign key: it's dropped, and
// what it was joined with before is taken back.
func TestRowsWithoutAForeignKey(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.JoinByForeignKey("fk", customers, customerLast, bar).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"customers", "c1", "Ann", 1}, input{"orders", "o1", "apple", 2}, input{"orders", "o1", "apple:c1", 3},
		input{"orders", "o1", "pear", 4}, input{"orders", "o1", null, 5}, input{"customers", "c1", "Anna", 6},
	)
	h.want("out", "o1=apple:c1|Ann@3", "o1=<null>@4")
	h.wantDropped("fk-subscription-registration-processor null_key", "fk-subscription-registration-processor null_key")
	h.wantRows("fk-subscription-store")
}

// An answer that is overtaken by a change of the row is left out.
func TestStaleAnswers(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.JoinByForeignKey("fk", customers, customerFirst, bar).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"customers", "c1", "Ann", 1}, input{"orders", "o1", "c1:apple", 2})
	topic := "fk-subscription-response-topic"
	old := h.outputs[topic][0]
	old = old[strings.Index(old, "=")+1 : strings.LastIndex(old, "@")]
	h.run(input{"orders", "o1", "c1:pear", 3}, input{topic, "o1", old, 4}, input{"orders", "o1", null, 5}, input{topic, "o1", old, 6})
	h.want("out", "o1=c1:apple|Ann@2", "o1=c1:pear|Ann@3", "o1=<null>@5")
}

// Answers go to the partition that asked, whatever the primary key's hash is.
func TestAnswersGoToTheTaskThatAsked(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.JoinByForeignKey("fk", customers, customerFirst, bar).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.partitions = 9
	h.envs[0].Task.Partition = 7
	h.run(input{"customers", "c1", "Ann", 1}, input{"orders", "o1", "c1:apple", 2}, input{"customers", "c1", "Anna", 3})
	// One partition for each record that was sent: subscription, answer, result;
	// then the other answer, and its result.
	if want := []int32{-1, 7, -1, 7, -1}; !slices.Equal(h.chosen, want) {
		t.Errorf("partitions %v, want %v", h.chosen, want)
	}
	h.partitions = 7
	if err := h.send(input{"customers", "c1", "Ann", 4}); err == nil || !strings.Contains(err.Error(), "came from partition 7") {
		t.Errorf("got %v", err)
	}
}

func TestForeignKeysOfOneTable(t *testing.T) {
	b := topology.NewBuilder()
	people := b.Table("people", str, topology.StoreAs("p", str))
	people.JoinByForeignKey("manager", people, customerFirst, bar).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"people", "a", "a:boss", 1}, input{"people", "b", "a:clerk", 2}, input{"people", "a", "a:owner", 3})
	// The boss is on both sides: the first answer is to the row as it was when the
	// subscription arrived, the second one to the change.
	h.want("out", "a=a:boss|a:boss@1", "a=a:boss|a:boss@1", "b=a:clerk|a:boss@2",
		"a=a:owner|a:owner@3", "a=a:owner|a:owner@3", "b=a:clerk|a:owner@3")
}

func TestTopicsOfForeignKeysArePartitionedAsTheTables(t *testing.T) {
	b := topology.NewBuilder()
	orders, customers := ordersAndCustomers(b)
	orders.JoinByForeignKey("fk", customers, customerFirst, bar)
	counts, err := build(t, b).Plan().Resolve(map[string]int32{"orders": 3, "customers": 5})
	if err != nil {
		t.Fatal(err)
	}
	if counts["fk-subscription-registration-topic"] != 5 || counts["fk-subscription-response-topic"] != 3 || len(counts) != 2 {
		t.Errorf("counts %v", counts)
	}
}
