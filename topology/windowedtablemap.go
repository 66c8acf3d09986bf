package topology

// Filter returns the table of the rows for which keep returns true, as
// [Table.Filter] does. An update of a row that passed to a value that doesn't is a
// deletion. Deletions aren't shown to keep, but the values before updates are.
func (t *WindowedTable[K, V]) Filter(keep func(Windowed[K], V) bool, options ...Option) *WindowedTable[K, V] {
	t = t.valid()
	return t.windows.table(filterTable(t.tableNode, "Filter", keep, true, options))
}

// FilterNot returns the table of the rows for which drop returns false, otherwise
// as Filter.
func (t *WindowedTable[K, V]) FilterNot(drop func(Windowed[K], V) bool, options ...Option) *WindowedTable[K, V] {
	t = t.valid()
	return t.windows.table(filterTable(t.tableNode, "FilterNot", drop, false, options))
}

// MapValues returns the table with other values. A nil value deletes the row.
// Deletions aren't shown to f.
func (t *WindowedTable[K, V]) MapValues[W any](f func(V) W, options ...Option) *WindowedTable[K, W] {
	t = t.valid()
	return t.windows.table(mapTable(t.tableNode, "MapValues", ofValue[Windowed[K]](f), options))
}

// MapValuesWithKey returns the table with the values that f makes of each one and
// its key and window. A nil value deletes the row (KIP-149).
func (t *WindowedTable[K, V]) MapValuesWithKey[W any](f func(Windowed[K], V) W, options ...Option) *WindowedTable[K, W] {
	t = t.valid()
	return t.windows.table(mapTable(t.tableNode, "MapValuesWithKey", f, options))
}

// Transform returns the table with the values that a transformer makes of each row
// and its key and window, as [Table.Transform] does (KIP-292).
func (t *WindowedTable[K, V]) Transform[W any](supply func() Transformer[Windowed[K], V, W], options ...ProcessOption) *WindowedTable[K, W] {
	t = t.valid()
	return t.windows.table(transformTable(t.tableNode, supply, options))
}
