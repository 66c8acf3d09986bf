// Package parity lets Kafka Streams and oncestream take over from each other: an
// application of the one processes the first half of an input and stops, and the
// same application of the other goes on from its changelogs, repartition topics
// and committed offsets. The results must be those of a run without a switch, and
// both must have left the same bytes behind.
//
// The Java side is in the folder java. It's compiled for each run, against jars
// that Maven fetches once into the user's cache directory.
package parity
