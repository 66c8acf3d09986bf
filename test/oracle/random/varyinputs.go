package random

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// feed is a topic of a piece, with what the piece feeds to it.
type feed struct {
	topic  string
	keys   []any
	values []any
	// table says that deletions are frequent, and as says that values are those of the
	// piece alone: they're names.
	table, as bool
}

// feedPieces makes the inputs: time moves on by up to a step for each, a share of the
// records is a little older than that, a few are much older, and some have no key or
// no value.
func (v *variation) feedPieces() {
	for _, p := range v.pieces {
		v.feeds = append(v.feeds, p.feeds()...)
	}
	if len(v.feeds) == 0 {
		return
	}
	v.shareKeys()
	step := v.pace()
	advances := v.advances()
	t := pick(v.generator, 1000, 1000, 1000, 100*step)
	for i := range 100 + v.IntN(pick(v.generator, 1, 1, 100, 400)) {
		if len(advances) > 0 && v.chance(8) {
			v.s.Input = append(v.s.Input, Object{"advanceWallClockMs": pick(v.generator, advances...)})
		}
		t += v.IntN(step + 1)
		v.pieceRecord(i, max(0, v.older(t, step)))
	}
}

// older returns the time of a record that's read at a time.
func (v *variation) older(t, step int) int {
	switch {
	case v.chance(3):
		return t - v.IntN(20*step+1)
	case v.chance(30):
		return t - v.IntN(step*3/2+1)
	}
	return t
}

// pieceRecord adds a record.
func (v *variation) pieceRecord(i, ts int) {
	f := pick(v.generator, v.feeds...)
	o := Object{"topic": f.topic, "key": pick(v.generator, f.keys...), "value": v.valueLike(f, i, ts), "ts": ts}
	nulls := 4
	if f.table {
		nulls = 20
	}
	if v.chance(nulls) && !f.as {
		o["value"] = nil
	}
	if v.chance(2) {
		o["key"] = nil
	}
	if v.chance(3) {
		o["headers"] = [][]any{{"i", fmt.Sprint(i)}}
	}
	v.s.Input = append(v.s.Input, o)
}

// valueLike returns a value of a topic, or one that looks like it.
func (v *variation) valueLike(f feed, i, ts int) any {
	of := pick(v.generator, f.values...)
	text, ok := of.(string)
	switch {
	case !ok || f.as || v.chance(30):
		return of
	case strings.HasPrefix(text, "ts:"):
		return fmt.Sprintf("ts:%d:%d", max(0, ts-v.IntN(20)), i)
	case isNumber(text):
		return fmt.Sprint(1 + v.IntN(9))
	}
	if before, _, ok := strings.Cut(text, ":"); ok {
		return fmt.Sprintf("%s:%d", before, v.IntN(10))
	}
	if v.chance(50) {
		return fmt.Sprintf("%s%d", text, v.IntN(4))
	}
	return fmt.Sprintf("%c%d", f.topic[0], i)
}

// feeds returns the topics that a piece feeds, or the ones that it reads if it feeds
// none.
func (p *piece) feeds() []feed {
	at := map[string]int{}
	var all []feed
	of := func(topic string) *feed {
		if _, ok := at[topic]; !ok {
			at[topic] = len(all)
			all = append(all, feed{topic: topic + p.suffix})
		}
		return &all[at[topic]]
	}
	for _, in := range p.of.Input {
		if in["topic"] == nil {
			continue
		}
		f := of(in.text("topic"))
		if in["key"] != nil {
			f.keys = append(f.keys, in["key"])
		}
		if in["value"] != nil {
			f.values = append(f.values, in["value"])
		}
	}
	for _, s := range p.of.Steps {
		if s.text("op") != "stream" && s.text("op") != "table" {
			continue
		}
		if topic := topicOf(s); topic != "" {
			f := of(topic)
			f.table = s.text("op") == "table"
			if s["value"] == "long" {
				f.values = append(f.values, Object{"hex": hex.EncodeToString([]byte{0, 0, 0, 0, 0, 0, 0, 7})})
			}
		}
	}
	for i := range all {
		all[i].fill()
		all[i].as = p.names() || p.closed()
	}
	return all
}

// fill gives keys and values to a topic that the piece feeds with none.
func (f *feed) fill() {
	if len(f.keys) == 0 {
		f.keys = []any{"a", "b", "c"}
	}
	if len(f.values) == 0 {
		f.values = []any{"1", "2", "3"}
	}
}

// shareKeys lets all topics have the keys of all, where pieces have few in common.
func (v *variation) shareKeys() {
	if len(v.pieces) == 1 || v.chance(20) {
		return
	}
	var all []any
	for _, f := range v.feeds {
		all = append(all, f.keys[:min(len(f.keys), 3)]...)
	}
	for i := range v.feeds {
		v.feeds[i].keys = all[:min(len(all), 6)]
	}
}

// pace returns how far time moves on at most, so that several records fall into a
// window, but not so many that what joins and concatenations make of them goes on
// growing.
func (v *variation) pace() int {
	shortest := 0
	for _, s := range v.s.Steps {
		for _, key := range []string{"sizeMs", "diffMs", "gapMs", "beforeMs", "historyMs", "ms", "everyMs"} {
			n := max(s.object("window").number(key), s.number(key), s.object("store").number(key))
			if n > 1 && (shortest == 0 || n < shortest) {
				shortest = n
			}
		}
	}
	if shortest == 0 {
		return 10
	}
	return max(4, shortest/pick(v.generator, 2, 5, 5, 10))
}

// advances returns by how much the pieces advance the wall clock.
func (v *variation) advances() []int {
	var all []int
	for _, p := range v.pieces {
		for _, in := range p.of.Input {
			if n := in.number("advanceWallClockMs"); n > 0 {
				all = append(all, n)
			}
		}
	}
	if v.s.Config["max.task.idle.ms"] != nil {
		all = append(all, 1, 5, 50, 200)
	}
	return all
}
