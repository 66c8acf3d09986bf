package random

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// feed makes the inputs. Time moves on; some records are a little older than the
// one before, a few much older.
func (g *generator) feed() {
	step, jitter := pick(g, 1, 2, 5), pick(g, 0, 2, 4, 8)
	late, headers := pick(g, 0, 3, 10), pick(g, 0, 0, 30)
	t := g.start
	clock := 0
	if g.wall || g.chance(5) {
		clock = 20
	}
	records := 5 + g.IntN(pick(g, 10, 40, 80))
	if g.chain {
		records = 100 + g.IntN(200)
	}
	for i := range records {
		if g.chance(clock) {
			g.s.Input = append(g.s.Input, Object{"advanceWallClockMs": g.times(1, 30)})
		}
		t += g.times(0, step)
		ts := t
		switch {
		case g.chance(late):
			ts -= g.times(0, 30)
		case g.chance(40):
			ts -= g.times(0, jitter)
		case g.chance(2):
			t += g.times(10, 50)
		}
		g.record(i, max(0, ts), headers)
	}
}

// record adds one record to a topic.
func (g *generator) record(i, ts, headers int) {
	src := pick(g, g.sources...)
	o := Object{"topic": pick(g, src.topics...), "key": nil, "value": nil, "ts": ts}
	if !g.chance(3) {
		o["key"] = pick(g, g.keys...)
	}
	nulls := 6
	if src.table {
		nulls = 20
	}
	if !g.chance(nulls) {
		o["value"] = g.value(src, i, ts)
	}
	if g.chance(headers) {
		o["headers"] = [][]any{{"i", fmt.Sprint(i)}}
		if g.chance(20) {
			o["headers"] = [][]any{{"i", fmt.Sprint(i)}, {"h", nil}, {"i", "again"}}
		}
	}
	g.s.Input = append(g.s.Input, o)
}

// value makes a value of a source's style.
func (g *generator) value(src source, i, ts int) any {
	n := 1 + g.IntN(9)
	switch {
	case src.long && g.badValues && g.chance(20):
		return pick[any](g, "text", Object{"hex": "06"}, "")
	case src.long:
		return Object{"hex": hex.EncodeToString([]byte{0, 0, 0, 0, 0, 0, 0, byte(n)})}
	case src.embedded && g.chance(70):
		return fmt.Sprintf("ts:%d:%d", max(0, ts-g.times(0, 9)), n)
	case src.style == number:
		return fmt.Sprint(n)
	case src.style == ref:
		return fmt.Sprintf("%s:%d", pick(g, append(g.keys, "z")...), n)
	case g.chance(30):
		return strings.Join([]string{"ant", "bee", "cow", "a,b"}[:1+g.IntN(4)], " ")
	}
	return fmt.Sprintf("%s%d", src.topics[0][2:], i)
}
