package oncestream

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oncestream/oncestream/topology"
	"go.uber.org/zap"
)

// descriptionFile is the file in the state directory with the description of the
// topology that ran last there. Nothing depends on it: it's for telling what
// changed.
const descriptionFile = "oncestream-topology.json"

func (a *App) descriptionFile() string {
	return filepath.Join(a.cfg.StateDir, a.cfg.ApplicationID, descriptionFile)
}

// logDifferences tells what changed since the last start from this state
// directory.
func (a *App) logDifferences() {
	text, err := os.ReadFile(a.descriptionFile())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var last *topology.Description
	if err == nil {
		last, err = topology.ParseDescription(text)
	}
	if err != nil {
		a.log.Warn("the description of the last topology can't be read", zap.Error(err))
		return
	}
	for _, d := range topology.Diff(last, a.topology) {
		log := a.log.Warn
		if d.Severity == topology.Compatible {
			log = a.log.Info
		}
		log("the topology has changed since the last start", zap.String("kind", string(d.Kind)), zap.String("name", d.Name),
			zap.Stringer("severity", d.Severity), zap.String("effect", d.Effect), zap.String("remedy", d.Remedy))
	}
}

// keepDescription writes the description for the next start. A file that's cut
// short by a crash is told of and written anew.
func (a *App) keepDescription() {
	if err := os.WriteFile(a.descriptionFile(), []byte(a.topology.JSON()), 0o644); err != nil {
		a.log.Warn("the topology's description can't be kept for the next start", zap.Error(err))
	}
}
