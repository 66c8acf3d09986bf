package random

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cacheRules returns the differences of record caches.
func cacheRules() []Rule {
	return []Rule{
		{
			"rows past their retention behind a record cache",
			"Kafka Streams shows them as long as they're in the cache",
			(*graph).cachesExpired,
		},
		{
			"sliding windows that a nil aggregate deletes, behind a record cache",
			"Kafka Streams fails when it finds the deletion in the cache",
			(*graph).cachesDeletions,
		},
		{
			"names of topics in a record cache with little room, or in a suppress buffer",
			"an entry counts the name of its record's topic, which Kafka Streams generates where it isn't given",
			(*graph).cachesGenerated,
		},
		{
			"reads of rows in a record cache with little room",
			"what other operators read makes an entry there, or keeps one from being taken out next; in Kafka Streams' test " +
				"driver global tables take of it, too",
			(*graph).cachesReads,
		},
	}
}

// cachesReads returns whether there's little room, and operators read the rows of others.
func (g *graph) cachesReads() bool {
	if n := g.cacheBytes(); n == 0 || n >= roomy {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		return s["joiner"] != nil && (g.isTable(s.text("with")) || g.isTable(s.text("from"))) || s.text("processor") == "lookup" ||
			s.text("op") == "globalTable" || s["init"] != nil && strings.HasPrefix(s.text("fn"), "throwIf")
	})
}

// cachesDeletions returns whether rows of sliding windows may be deleted in a record cache.
func (g *graph) cachesDeletions() bool {
	return g.cacheBytes() > 0 && slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		from := g.step(s.text("from"))
		groups, _ := g.step(from.text("from"))["groups"].([]Object)
		return from.object("window")["type"] == "sliding" && (strings.HasPrefix(s.text("fn"), "nullIf") ||
			slices.ContainsFunc(groups, func(m Object) bool { return strings.HasPrefix(m.text("fn"), "nullIf") }))
	})
}

// cacheBytes returns the budget of the record caches, 0 without any.
func (g *graph) cacheBytes() int {
	n, err := strconv.Atoi(fmt.Sprint(g.s.Config["statestore.cache.max.bytes"]))
	if err != nil {
		return 0
	}
	return n
}

// roomy is a budget that no scenario uses up.
const roomy = 1000000

// cachesGenerated returns whether there's little room, and a repartition topic without a
// name of its own.
func (g *graph) cachesGenerated() bool {
	bounded := slices.ContainsFunc(g.s.Steps, func(s Object) bool { return s["maxBytes"] != nil })
	if n := g.cacheBytes(); !bounded && (n == 0 || n >= roomy) {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		from := g.step(s.text("from"))
		switch s.text("op") {
		case "count", "reduce", "aggregate":
			if from.text("op") == "windowedBy" {
				from = g.step(from.text("from"))
			}
			id := from.text("id")
			return (g.rekeyed(id) || g.groupsTable(id) || from.text("op") == "cogroup") && from["name"] == nil &&
				s.text("store") == "" && s.object("store")["name"] == nil
		case "toTable", "repartition", "join", "leftJoin", "outerJoin":
			return s["name"] == nil && (s.text("op") == "repartition" || g.rekeyed(s.text("from")) || g.rekeyed(s.text("with")))
		}
		return s["fk"] != nil
	})
}

// cachesExpired returns whether a store of windows has a record cache, and the inputs go
// on for longer than it keeps them.
func (g *graph) cachesExpired() bool {
	if g.cacheBytes() == 0 {
		return false
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		from, store := g.step(s.text("from")), s.object("store")
		return from.text("op") == "windowedBy" && from.object("window")["type"] != "unlimited" &&
			(store["name"] != nil || s.text("store") != "") && store["caching"] != false && from["emit"] != "onClose" &&
			g.span() > store.number("retentionMs")
	})
}

// span returns how long the inputs' timestamps go on.
func (g *graph) span() int {
	first, last := -1, 0
	for _, in := range g.s.Input {
		if ts := in.number("ts"); in["topic"] != nil {
			last = max(last, ts)
			if first < 0 || ts < first {
				first = ts
			}
		}
	}
	return last - first
}
