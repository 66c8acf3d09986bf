// Package random makes pseudo-random scenarios for the oracle: topologies of
// several operators and the records that are fed to them, out of order, late,
// with nulls, and on the edges of windows. Equal seeds give equal scenarios.
//
// Where oncestream differs from Kafka Streams on purpose, a rule says so, with its
// row in docs/parity.md: scenarios that a rule knows aren't made. Shrink makes a
// small scenario of one whose results differ.
package random
