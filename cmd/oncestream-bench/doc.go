// Command oncestream-bench runs plain applications for benchmarks and crash
// tests.
//
//	oncestream-bench run -workload count -brokers 127.0.0.1:9092 -application-id bench \
//	    -input in -output out -state-dir /tmp/bench -until-end
//	oncestream-bench load -brokers 127.0.0.1:9092 -topic in -records 2000000
//
// Run processes the input topic with one of five topologies. Keys are strings,
// values are bytes:
//
//	map        drops records with an empty value and passes on the others
//	count      counts by key in the store counts; the output value is an int64, big-endian
//	window     counts by key in windows of 60 s with 10 s of grace, in the store wcounts;
//	           the output key is key@start, with the window's start in milliseconds
//	rekey      takes the last 3 bytes of the key as the new key, repartitions, and counts
//	           in the store rcounts
//	tablejoin  joins the input with the table of -input2, in the store table; the output
//	           value is the stream's value, a "|", and the table's value
//
// A missing output topic is created with the partition count of the input.
//
// Without -until-end it runs until SIGTERM or an interrupt. With it, it stops
// when the committed offsets have reached the ends that the input topics had at
// the start and the repartition topics are drained, and prints one line of JSON:
//
//	workload        the workload's name
//	records         how many records of the input topics it went through
//	wall_s          seconds from when the application ran all its tasks, having joined the
//	                group and restored its state, to the commit that reached the end; 0 if
//	                the end was reached before
//	cpu_s           user and system time of the process until then, in seconds
//	peak_rss_kb     highest resident set size of the process until then, in KiB
//	records_per_s   records / wall_s
//
// Load fills a topic with records that depend on its flags alone.
package main
