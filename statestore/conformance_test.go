package statestore_test

import (
	"testing"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/statestore/storetest"
)

func TestDisk(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *statestore.DB {
		db, err := statestore.Open(t.TempDir(), statestore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) *statestore.DB { return statestore.OpenMemory() })
}
