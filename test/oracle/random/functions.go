package random

import "fmt"

// mapper returns a function of keys and values, and the style of its results.
func (g *generator) mapper(n *node) (string, style) {
	if f, ok := g.throwing(25); ok {
		return f, n.style
	}
	if n.style == number && g.chance(30) {
		return fmt.Sprintf("add:%d", g.IntN(5)-2), number
	}
	if n.style != text && g.chance(25) {
		return pick(g, "value", "nullIf:3", "nullIf:b"), n.style
	}
	f := pick(g, "upper", "append:x", "prefix:b:", "firstChar", "beforeColon", "afterColon", "keyValue", "nullTo:none",
		"nullIf:2", "field:1", "const:same", "null", "len", "key", "keyAfterColon")
	if f == "len" {
		return f, number
	}
	return f, text
}

// rekey returns a function that makes keys.
func (g *generator) rekey(n *node) string {
	if n.window != nil {
		return pick(g, "windowKey", "windowKey", "key", "const:all")
	}
	if n.style == ref {
		return pick(g, "beforeColon", "beforeColon", "afterColon", "firstChar", "value")
	}
	return pick(g, "key", "firstChar", "const:all", "value", "nullIf:1", "beforeColon", "keyBeforeColon", "len")
}

// predicate returns a condition.
func (g *generator) predicate(n *node) string {
	if f, ok := g.throwing(20); ok {
		return f
	}
	if n.style == number && g.chance(40) {
		return fmt.Sprintf("valueIntGt:%d", g.IntN(9))
	}
	p := pick(g, "valueContains:1", "valueContains:a", "valueContains:|", "valueLenGt:1", "valueLenGt:5", "valueIs:a:1",
		"keyIs:a", "keyStartsWith:b", "isNullValue", "isNullKey", "all")
	if g.chance(50) {
		return "not:" + p
	}
	return p
}

// expander returns a function that gives many records.
func (g *generator) expander() string {
	return pick(g, "words", "chars", "twice", "twice", "wordsAsKeys", "none")
}

// joiner returns what makes one value of two.
func (g *generator) joiner(key bool) string {
	if f, ok := g.throwing(20); ok {
		return f
	}
	if key && g.chance(20) {
		return "concatWithKey"
	}
	return pick(g, "concat", "concat", "concat", "concat", "left", "right", "nullIfSame")
}

// adder returns an aggregator or reducer with its initial value, and the style of the results.
func (g *generator) adder(n *node, nulls bool) (init, fn string, of style) {
	if n.style == number && !nulls && g.chance(50) {
		return "0", pick(g, "sum", "max"), number
	}
	return pick(g, "", "", "0"), pick(g, "concat", "concat", "concat", "last", "nullIf:3", "keep"), text
}
