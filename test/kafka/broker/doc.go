// Package broker starts a real Apache Kafka on loopback, for tests and for
// benchmarks: one node that is broker and controller in one (KRaft), with its
// data in a temporary directory.
//
// The jars come from Maven and stay in the user's cache directory. Where Java
// or Maven are missing they are installed with apt-get if that's possible
// without asking (as root), else the apache/kafka image is run by Docker, else
// Start fails with an error that names the remedy.
//
// A broker ends with the process that started it, however that one ends: a
// pipe between the two is closed by the operating system at the latest.
package broker
