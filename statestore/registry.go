package statestore

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// formatVersion is the version of the key layout.
const formatVersion = 1

// registration is what's persisted of a store as a whole.
type registration struct {
	id   uint16
	kind Kind
	// segment is the segment interval in milliseconds, 0 where nothing expires. It
	// stays as it was first: with another one, entries wouldn't be found where they
	// are.
	segment int64
}

// registrationLen is version, id, kind and segment interval.
const registrationLen = 1 + 2 + 1 + 8

const registrationVersion = 1

func (r registration) append(dst []byte) []byte {
	dst = append(dst, registrationVersion)
	dst = binary.BigEndian.AppendUint16(dst, r.id)
	dst = append(dst, byte(r.kind))
	return binary.BigEndian.AppendUint64(dst, uint64(r.segment))
}

func decodeRegistration(b []byte) (registration, error) {
	if len(b) != registrationLen || b[0] != registrationVersion {
		return registration{}, fmt.Errorf("registration %x: want version %d in %d bytes", b, registrationVersion, registrationLen)
	}
	r := registration{
		id:      binary.BigEndian.Uint16(b[1:]),
		kind:    Kind(b[3]),
		segment: int64(binary.BigEndian.Uint64(b[4:])),
	}
	if r.kind.segmented() && r.segment <= 0 {
		return registration{}, fmt.Errorf("registration %x: segment interval %d", b, r.segment)
	}
	return r, nil
}

// backend is an engine with the registry of the stores in it. The registry is
// guarded by the DB's mutex.
type backend struct {
	engine
	byName map[string]registration
	byID   map[uint16]string
}

// newBackend returns the backend of an empty engine.
func newBackend(e engine) *backend {
	return &backend{engine: e, byName: map[string]registration{}, byID: map[uint16]string{}}
}

// loadBackend checks the layout's version and reads the registry.
func loadBackend(e engine) (*backend, error) {
	b := newBackend(e)
	if err := b.checkFormat(); err != nil {
		return nil, err
	}
	var bad error
	err := e.scan([]byte{spaceRegistry}, []byte{spaceRegistry + 1}, func(k, v []byte) bool {
		var r registration
		if r, bad = decodeRegistration(v); bad != nil {
			return false
		}
		b.add(string(k[1:]), r)
		return true
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, fmt.Errorf("read the registry of stores: %w", err)
	}
	return b, nil
}

func (b *backend) checkFormat() error {
	v, ok, err := b.get([]byte{spaceFormat}, nil)
	if err != nil {
		return fmt.Errorf("read the version of the layout: %w", err)
	}
	if !ok {
		return b.writeSynced([]byte{spaceFormat}, []byte{formatVersion})
	}
	if len(v) != 1 || v[0] != formatVersion {
		return fmt.Errorf("the layout has version %x, this program reads %d: use a program of that version or an empty state directory", v, formatVersion)
	}
	return nil
}

func (b *backend) add(name string, r registration) {
	b.byName[name] = r
	b.byID[r.id] = name
}

// register returns the store's registration, a new one where it has none.
func (b *backend) register(s Spec) (registration, error) {
	if r, ok := b.byName[s.Name]; ok {
		if r.kind != s.Kind {
			return r, fmt.Errorf("store %q: the state directory holds a %v of this name, the topology has a %v: "+
				"give the store another name or use an empty state directory", s.Name, r.kind, s.Kind)
		}
		return r, nil
	}
	if len(b.byName) > math.MaxUint16 {
		return registration{}, fmt.Errorf("store %q: the state directory has held %d stores, it can't hold more", s.Name, len(b.byName))
	}
	// Ids are never used again, so they are dense.
	r := registration{id: uint16(len(b.byName)), kind: s.Kind}
	if s.Kind.segmented() {
		r.segment = int64(s.segmentInterval() / time.Millisecond)
	}
	if err := b.writeSynced(append([]byte{spaceRegistry}, s.Name...), r.append(nil)); err != nil {
		return registration{}, fmt.Errorf("register store %q: %w", s.Name, err)
	}
	b.add(s.Name, r)
	return r, nil
}

// writeSynced sets one key for good: data must never be on disk without the
// registration that tells whose it is.
func (b *backend) writeSynced(key, value []byte) error {
	batch := b.newBatch()
	if err := batch.set(key, value); err != nil {
		return closeAfter(batch, err)
	}
	if err := closeAfter(batch, batch.commit()); err != nil {
		return err
	}
	return b.flush()
}
