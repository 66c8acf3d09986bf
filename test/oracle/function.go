package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// function makes a text of a key and a value. Nil is null.
type function func(k, v *string) *string

// parseFunction returns the function of a name, which may have an argument behind
// a colon.
func parseFunction(spec string) (function, error) {
	name, arg, _ := strings.Cut(spec, ":")
	switch name {
	case "key":
		return func(k, _ *string) *string { return k }, nil
	case "value":
		return func(_, v *string) *string { return v }, nil
	case "null":
		return func(_, _ *string) *string { return nil }, nil
	case "const":
		return func(_, _ *string) *string { return &arg }, nil
	case "keyValue":
		return func(k, v *string) *string { return of(orNull(k) + "=" + orNull(v)) }, nil
	case "nullTo":
		return func(_, v *string) *string {
			if v == nil {
				return &arg
			}
			return v
		}, nil
	case "keyBeforeColon", "keyAfterColon", "windowKey":
		f := ofKey(name)
		return func(k, _ *string) *string { return some(k, f) }, nil
	}
	f, err := ofValue(name, arg)
	return func(_, v *string) *string { return some(v, f) }, err
}

func of(s string) *string { return &s }

// some applies a function to a text, and leaves null as it is.
func some(s *string, f func(string) *string) *string {
	if s == nil {
		return nil
	}
	return f(*s)
}

// ofKey returns a function of the key alone.
func ofKey(name string) func(string) *string {
	switch name {
	case "keyBeforeColon":
		return before
	case "keyAfterColon":
		return after
	}
	return func(k string) *string {
		if i := strings.LastIndexByte(k, '@'); i >= 0 {
			k = k[:i]
		}
		return &k
	}
}

// ofValue returns a function of a value that isn't null.
func ofValue(name, arg string) (func(string) *string, error) {
	switch name {
	case "upper":
		return func(v string) *string { return of(strings.ToUpper(v)) }, nil
	case "append":
		return func(v string) *string { return of(v + arg) }, nil
	case "prefix":
		return func(v string) *string { return of(arg + v) }, nil
	case "len":
		return func(v string) *string { return of(strconv.Itoa(len(v))) }, nil
	case "add":
		n, err := strconv.ParseInt(arg, 10, 64)
		return func(v string) *string { return of(strconv.FormatInt(parse(v)+n, 10)) }, err
	case "firstChar":
		return firstChar, nil
	case "beforeColon":
		return before, nil
	case "afterColon":
		return after, nil
	case "field":
		n, err := strconv.Atoi(arg)
		return func(v string) *string { return field(v, n) }, err
	case "nullIf":
		return func(v string) *string {
			if strings.Contains(v, arg) {
				return nil
			}
			return &v
		}, nil
	case "throwIf":
		return func(v string) *string {
			failIf(strings.Contains(v, arg))
			return &v
		}, nil
	}
	return nil, fmt.Errorf("unknown function %q", name)
}

func before(v string) *string {
	v, _, _ = strings.Cut(v, ":")
	return &v
}

func after(v string) *string {
	_, v, found := strings.Cut(v, ":")
	if !found {
		return nil
	}
	return &v
}

func firstChar(v string) *string {
	_, n := utf8.DecodeRuneInString(v)
	if n == 0 {
		return nil
	}
	return of(v[:n])
}

func field(v string, n int) *string {
	fields := strings.Split(v, ",")
	if n >= len(fields) {
		return nil
	}
	return &fields[n]
}

// predicate decides on a key and a value.
type predicate func(k, v *string) bool

func parsePredicate(spec string) (predicate, error) {
	name, arg, _ := strings.Cut(spec, ":")
	value := func(f func(v string) bool) (predicate, error) {
		return func(_, v *string) bool { return v != nil && f(*v) }, nil
	}
	switch name {
	case "all":
		return func(_, _ *string) bool { return true }, nil
	case "not":
		p, err := parsePredicate(arg)
		return func(k, v *string) bool { return !p(k, v) }, err
	case "isNullValue":
		return func(_, v *string) bool { return v == nil }, nil
	case "isNullKey":
		return func(k, _ *string) bool { return k == nil }, nil
	case "keyIs":
		return func(k, _ *string) bool { return k != nil && *k == arg }, nil
	case "keyStartsWith":
		return func(k, _ *string) bool { return k != nil && strings.HasPrefix(*k, arg) }, nil
	case "valueContains":
		return value(func(v string) bool { return strings.Contains(v, arg) })
	case "valueIs":
		return value(func(v string) bool { return v == arg })
	case "valueLenGt":
		return value(func(v string) bool { return int64(len(v)) > parse(arg) })
	case "valueIntGt":
		return value(func(v string) bool { return parse(v) > parse(arg) })
	case "throwIf":
		return func(_, v *string) bool {
			failIf(v != nil && strings.Contains(*v, arg))
			return true
		}, nil
	}
	return nil, fmt.Errorf("unknown predicate %q", spec)
}

// pair is a record that a function made.
type pair struct{ key, value *string }

// expander makes many records of one.
type expander func(k, v *string) []pair

func parseExpander(name string) (expander, error) {
	switch name {
	case "words":
		return func(k, v *string) []pair { return each(v, strings.Fields, func(w string) pair { return pair{k, &w} }) }, nil
	case "wordsAsKeys":
		return func(k, v *string) []pair { return each(v, strings.Fields, func(w string) pair { return pair{&w, k} }) }, nil
	case "chars":
		chars := func(v string) []string { return strings.Split(v, "") }
		return func(k, v *string) []pair { return each(v, chars, func(c string) pair { return pair{k, &c} }) }, nil
	case "twice":
		return func(k, v *string) []pair { return []pair{{k, v}, {k, v}} }, nil
	case "none":
		return func(_, _ *string) []pair { return nil }, nil
	}
	return nil, fmt.Errorf("unknown function %q", name)
}

func each(v *string, split func(string) []string, of func(string) pair) []pair {
	if v == nil {
		return nil
	}
	var pairs []pair
	for _, part := range split(*v) {
		pairs = append(pairs, of(part))
	}
	return pairs
}
