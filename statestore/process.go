package statestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"uuid"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// metadataFile holds the process id. Kafka Streams has a file of this name and
// content in its state directory.
const metadataFile = "kafka-streams-process-metadata"

// processMetadata is the content of metadataFile. Fields that aren't known are
// passed over.
type processMetadata struct {
	ProcessID string `json:"processId"`
}

// loadProcessID reads the process id of a state directory, which the caller has
// locked, or gives it one.
func loadProcessID(files vfs.FS, dir string) (string, error) {
	path := files.PathJoin(dir, metadataFile)
	b, err := readFile(files, path)
	if errors.Is(err, fs.ErrNotExist) {
		id := uuid.New().String()
		return id, createMetadata(files, dir, id)
	}
	if err != nil {
		return "", fmt.Errorf("read process id: %w", err)
	}
	id, err := decodeMetadata(b)
	if err != nil {
		return "", fmt.Errorf("%s: %w; remove the file to get a new process id", path, err)
	}
	return id, nil
}

func decodeMetadata(b []byte) (string, error) {
	var m processMetadata
	if err := json.Unmarshal(b, &m); err != nil {
		return "", fmt.Errorf("process metadata: %w", err)
	}
	id, err := uuid.Parse(m.ProcessID)
	if err != nil {
		return "", fmt.Errorf("process metadata: process id %q: %w", m.ProcessID, err)
	}
	return id.String(), nil
}

// createMetadata writes the file under another name first, so that a crash leaves
// a whole file or none. The id must not be used before it's on disk: a process
// that lost it couldn't fence its own transactions.
func createMetadata(files vfs.FS, dir, id string) error {
	b, err := json.Marshal(processMetadata{ProcessID: id})
	if err != nil {
		return fmt.Errorf("encode process id: %w", err)
	}
	path := files.PathJoin(dir, metadataFile)
	if err := writeFile(files, path+".tmp", b); err != nil {
		return fmt.Errorf("write process id: %w", err)
	}
	if err := files.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write process id: %w", err)
	}
	if err := syncDir(files, dir); err != nil {
		return fmt.Errorf("write process id: %w", err)
	}
	return nil
}

// makeDir creates a directory with those above it. Each is synced into its parent:
// a crash must not take the directory with the flushed state in it.
func makeDir(files vfs.FS, dir string) error {
	var created []string
	for d := dir; ; d = files.PathDir(d) {
		if _, err := files.Stat(d); err == nil || files.PathDir(d) == d {
			break
		}
		created = append(created, d)
	}
	if err := files.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range created {
		if err := syncDir(files, files.PathDir(d)); err != nil {
			return err
		}
	}
	return nil
}

func readFile(files vfs.FS, path string) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

func writeFile(files vfs.FS, path string, b []byte) error {
	f, err := files.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(files vfs.FS, dir string) error {
	d, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
