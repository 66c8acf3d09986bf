// Package eosv2 is the transactional producer: the only code that begins and
// ends transactions (KIP-98, KIP-447). In AtLeastOnce mode the same path is a
// plain idempotent producer.
//
// A Producer belongs to one worker. Its life cycle:
//
//	p, err := eosv2.New(cfg)
//	err = p.Init(ctx)                 // fences predecessors, ends their transaction
//	t, err := p.Topic(ctx, "counts")
//	for {
//		err = t.Send(...)             // begins the transaction lazily
//		err = p.Flush(ctx)            // every record acknowledged
//		err = p.SendOffsets(ctx, group, offsets)
//		err = p.Commit(ctx)
//	}
//
// Every error carries what the caller must do (ClassOf). After any failure of
// a transaction the producer refuses everything until Init, which is also how
// a transaction is aborted. The outcome of a request is never guessed.
//
// Caveats. A blocking call bounded by the Client's Net timeouts cannot be cut
// short by a context: the caller returns, the sender finishes the request.
// The Client should therefore have Net timeouts well under the transaction
// timeout. The Client's connections must not be shared with a consumer: Kafka
// answers the requests of one connection in order.
package eosv2
