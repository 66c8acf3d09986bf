package topology

// Join joins the rows of both tables that have the same key and window, as
// [Table.Join] does. Windows are the same that have the same start; sessions must
// have the same end, too.
func (t *WindowedTable[K, V]) Join[V2, R any](other *WindowedTable[K, V2], f func(V, V2) R, options ...Option) *WindowedTable[K, R] {
	t, other = t.valid(), other.valid()
	return t.windows.and(other.windows).table(joinTables(t.tableNode, other.tableNode, innerTables(f), options))
}

// LeftJoin joins each row with the other table's row of the same key and window, as
// Join does, but f gets nil where there's none. The pointer is valid during the
// call.
func (t *WindowedTable[K, V]) LeftJoin[V2, R any](other *WindowedTable[K, V2], f func(V, *V2) R, options ...Option) *WindowedTable[K, R] {
	t, other = t.valid(), other.valid()
	return t.windows.and(other.windows).table(joinTables(t.tableNode, other.tableNode, leftTables(f), options))
}

// OuterJoin joins the rows of both tables that have the same key and window, as
// Join does, but f gets nil for the side that has no row. The pointers are valid
// during the call.
func (t *WindowedTable[K, V]) OuterJoin[V2, R any](other *WindowedTable[K, V2], f func(*V, *V2) R, options ...Option) *WindowedTable[K, R] {
	t, other = t.valid(), other.valid()
	return t.windows.and(other.windows).table(joinTables(t.tableNode, other.tableNode, outerTables(f), options))
}

// JoinByForeignKey joins each row with the row of the other table that it names, as
// [Table.JoinByForeignKey] does: foreignKey returns that row's key, given the row's
// own key with its window, and its value (KIP-213).
func (t *WindowedTable[K, V]) JoinByForeignKey[J, V2, R any](name string, other ForeignTable[J, V2], foreignKey func(Windowed[K], V) (J, bool), f func(V, V2) R) *WindowedTable[K, R] {
	t = t.valid()
	j := innerByKey(name, foreignKey, f)
	j.expires = true
	return t.windows.changedLater().table(foreignKeyJoin(t.tableNode, other, j))
}

// LeftJoinByForeignKey joins each row with the row of the other table that it names,
// as [Table.LeftJoinByForeignKey] does: f gets nil where there's none, and for a row
// that names none. The pointer is valid during the call.
func (t *WindowedTable[K, V]) LeftJoinByForeignKey[J, V2, R any](name string, other ForeignTable[J, V2], foreignKey func(Windowed[K], V) (J, bool), f func(V, *V2) R) *WindowedTable[K, R] {
	t = t.valid()
	return t.windows.changedLater().table(foreignKeyJoin(t.tableNode, other, leftByKey(name, foreignKey, f)))
}
