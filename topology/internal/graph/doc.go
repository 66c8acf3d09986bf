// Package graph is the logical graph between the DSL and the runtime: nodes
// with their names, the stores they use, and the topics at both ends. It divides
// the nodes into sub-topologies, describes them as text, and compiles them into
// a plan.
//
// It collects the mistakes made while a topology is written down, so that all of
// them can be reported together, and it never panics: after a mistake the graph
// remains usable, but compiles no more.
package graph
