// Package kafka is a thin layer over sarama's wire protocol: just the requests
// that a stream processor needs, with errors that are never guessed at.
//
// A Client owns its connections. A broker answers the requests of one
// connection in order, so a long-polling fetch holds up whatever is sent behind
// it: fetching, producing and group membership each open a Client of their own.
//
// A Fetcher reads partitions from exact positions and filters aborted
// transactions itself, so that its position past control and aborted records is
// known. A Member is one membership of a consumer group in the classic protocol
// with cooperative rebalancing. Classify says what must happen after an error.
package kafka
