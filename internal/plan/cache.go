package plan

// CacheBudget is what the record caches of one worker may hold together, over
// all of its tasks. It's used on the worker's goroutine only.
type CacheBudget struct {
	// Max is in bytes.
	Max  int64
	used int64
}

// NewCacheBudget returns a budget, or nil for 0 bytes and less: then there are no
// record caches.
func NewCacheBudget(bytes int64) *CacheBudget {
	if bytes <= 0 {
		return nil
	}
	return &CacheBudget{Max: bytes}
}

// Used returns how many bytes the caches hold at the moment.
func (b *CacheBudget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used
}

// Share returns a task's part of the budget, or nil where there's none.
func (b *CacheBudget) Share() *CacheShare {
	if b == nil {
		return nil
	}
	return &CacheShare{budget: b}
}

// CacheShare is what the record caches of one task take of their worker's budget.
type CacheShare struct {
	budget *CacheBudget
	used   int64
}

// Take counts bytes that a cache holds from now on; less than 0 gives some back.
func (s *CacheShare) Take(bytes int64) {
	s.used += bytes
	s.budget.used += bytes
}

// Exceeded reports whether the worker's caches hold more than they may.
func (s *CacheShare) Exceeded() bool { return s.budget.used > s.budget.Max }

// Release gives back all that the task's caches have taken. It's for the end of a
// task, whose caches are dropped with it, and does nothing without a share.
func (s *CacheShare) Release() {
	if s != nil {
		s.Take(-s.used)
	}
}
