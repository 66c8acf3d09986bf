package statestore

import "testing"

type str struct{}

func (str) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
func (str) Decode(b []byte) (string, error)             { return string(b), nil }

func TestSmoke(t *testing.T) {
	db, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Store(Spec{Name: "a", Kind: TimestampedKeyValue}, 0)
	if err != nil {
		t.Fatal(err)
	}
	kv, _ := NewKeyValue[string, string](s, str{}, str{})
	kv.Put("x", "1", 5)
	b := db.NewBatch()
	if err := s.Stage(b, 7); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	s.Applied()
	b.Close()
	kv.Put("y", "2", 6)
	for e, err := range kv.All() {
		t.Log(e, err)
	}
	t.Log(s.Offset())
	t.Log(db.Partitions())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
