// Package audit decides whether a run of one of oncestream-bench's workloads
// was exactly once. It recomputes everything from the input and compares it
// with the output and the changelog.
//
// It shares nothing with the framework: neither its client, nor its operators,
// nor its encodings. A mistake in one of these can't hide itself here.
//
// The caller feeds a Model with the records of each topic, in the order of
// their partitions: first the whole table and input, then the output and the
// changelog, as Read returns them. Report then tells what's wrong.
package audit
