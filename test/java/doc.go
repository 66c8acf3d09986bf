// Package java compiles and runs the Java programs that the tests compare with:
// Kafka Streams itself. It needs a JDK and Maven; the jars that a program's
// pom.xml names are fetched once into the user's cache directory.
package java
