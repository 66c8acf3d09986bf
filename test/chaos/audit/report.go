package audit

import (
	"fmt"
	"strings"
)

// Kind is a way to break the promise of exactly once.
type Kind uint8

// The kinds of violations.
const (
	// Lost is a result that the input leads to and the topic doesn't have.
	Lost Kind = iota
	// Duplicate is a result that the topic has more than once.
	Duplicate
	// Reordered is a result that stands behind one that it led to or preceded.
	Reordered
	// Unexpected is a result that the input doesn't lead to: a count that's too
	// high, for instance, because a record was counted twice or an aborted record
	// was read.
	Unexpected
	// Wrong is a result with other contents than the input leads to.
	Wrong
	// Misplaced is a key whose results lie in more than one partition.
	Misplaced
	kinds
)

// String returns the kind in a word.
func (k Kind) String() string {
	names := [kinds]string{"lost", "duplicate", "reordered", "unexpected", "wrong", "misplaced"}
	if k >= kinds {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return names[k]
}

// Violation is one broken promise.
type Violation struct {
	Kind Kind
	// Detail says what was found and where.
	Detail string
}

// String returns the violation in a line.
func (v Violation) String() string { return v.Kind.String() + ": " + v.Detail }

// sampled is how many violations of each kind are kept with their details. A
// lost partition breaks the promise once for each record; the first few tell.
const sampled = 5

// Report is the result of an audit.
type Report struct {
	// Expected is how many output records the input leads to.
	Expected int64
	// Output and Changelog are how many records of these topics were looked at.
	Output, Changelog int64
	count             [kinds]int64
	samples           []Violation
}

// add notes a violation.
func (r *Report) add(k Kind, format string, args ...any) {
	r.count[k]++
	if r.count[k] <= sampled {
		r.samples = append(r.samples, Violation{k, fmt.Sprintf(format, args...)})
	}
}

// Count returns the number of violations of a kind.
func (r *Report) Count(k Kind) int64 { return r.count[k] }

// Total returns the number of all violations.
func (r *Report) Total() int64 {
	var n int64
	for _, c := range r.count {
		n += c
	}
	return n
}

// Samples returns the first violations of each kind, in the order they were
// found.
func (r *Report) Samples() []Violation { return r.samples }

// String sums the report up, with the samples.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d results expected, %d output and %d changelog records read, %d violations",
		r.Expected, r.Output, r.Changelog, r.Total())
	for k := range kinds {
		if r.count[k] > 0 {
			fmt.Fprintf(&b, ", %d %s", r.count[k], k)
		}
	}
	for _, v := range r.samples {
		fmt.Fprintf(&b, "\n  %s", v)
	}
	return b.String()
}
