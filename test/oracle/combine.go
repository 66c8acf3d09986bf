package main

import (
	"fmt"
	"strconv"
	"strings"
)

// joiner makes a value of the key and both sides.
type joiner struct {
	f func(k, l, r *string) *string
	// withKey says that it looks at the key.
	withKey bool
}

func parseJoiner(spec string) (joiner, error) {
	name, arg, _ := strings.Cut(spec, ":")
	concat := func(l, r *string) *string { return of(orNull(l) + "|" + orNull(r)) }
	sides := func(f func(l, r *string) *string) (joiner, error) {
		return joiner{f: func(_, l, r *string) *string { return f(l, r) }}, nil
	}
	switch name {
	case "concat":
		return sides(concat)
	case "concatWithKey":
		return joiner{withKey: true, f: func(k, l, r *string) *string {
			return of(orNull(k) + ":" + *concat(l, r))
		}}, nil
	case "left":
		return sides(func(l, _ *string) *string { return l })
	case "right":
		return sides(func(_, r *string) *string { return r })
	case "nullIfSame":
		return sides(func(l, r *string) *string {
			if l != nil && r != nil && *l == *r {
				return nil
			}
			return concat(l, r)
		})
	case "throwIf":
		return sides(func(l, r *string) *string {
			failIf(contains(l, arg) || contains(r, arg))
			return concat(l, r)
		})
	}
	return joiner{}, fmt.Errorf("unknown joiner %q", spec)
}

func contains(s *string, part string) bool { return s != nil && strings.Contains(*s, part) }

// combiner makes an aggregate of the one so far and a value: an aggregator, a
// reducer, or the merger of two sessions.
type combiner func(g, v *string) *string

func parseCombiner(spec string) (combiner, error) {
	name, arg, _ := strings.Cut(spec, ":")
	concat := func(g, v *string) *string { return of(orNull(g) + "+" + orNull(v)) }
	numbers := func(f func(g, v int64) int64) (combiner, error) {
		return func(g, v *string) *string {
			return of(strconv.FormatInt(f(parse(orNull(g)), parse(orNull(v))), 10))
		}, nil
	}
	switch name {
	case "concat":
		return concat, nil
	case "remove":
		return func(g, v *string) *string { return of(orNull(g) + "-" + orNull(v)) }, nil
	case "sum":
		return numbers(func(g, v int64) int64 { return g + v })
	case "subtract":
		return numbers(func(g, v int64) int64 { return g - v })
	case "max":
		return numbers(func(g, v int64) int64 { return max(g, v) })
	case "last":
		return func(_, v *string) *string { return v }, nil
	case "keep", "first":
		return func(g, _ *string) *string { return g }, nil
	case "nullIf":
		return func(g, v *string) *string {
			if contains(v, arg) {
				return nil
			}
			return concat(g, v)
		}, nil
	case "throwIf":
		return func(g, v *string) *string {
			failIf(contains(v, arg))
			return concat(g, v)
		}, nil
	}
	return nil, fmt.Errorf("unknown aggregator %q", spec)
}

// parseMerger returns what makes one aggregate of those of two sessions.
func parseMerger(name string) (combiner, error) {
	switch name {
	case "concat":
		return func(g, next *string) *string { return of(orNull(g) + "&" + orNull(next)) }, nil
	case "sum":
		return parseCombiner(name)
	}
	return nil, fmt.Errorf("unknown merger %q", name)
}
