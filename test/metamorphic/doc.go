// Package metamorphic runs topologies and inputs made by chance in different ways:
// with and without record caches, over one, three and eight partitions, with any
// commit interval, optimized or not, with crashes and rebalances in between. What
// isn't allowed to depend on that must be the same: the rows of all tables, and the
// records of all results that are final.
//
// Each topology prints its seed. ONCESTREAM_METAMORPHIC_SEED runs the one of a seed
// again, and ONCESTREAM_METAMORPHIC_TOPOLOGIES says how many are run.
package metamorphic
