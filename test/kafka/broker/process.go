package broker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// leash starts the command in the shell's own process, and beside it a watcher
// that waits for the end of the pipe at descriptor 3. The pipe's other end is
// in the hands of the process that started the broker, so the watcher also
// hears of that one's sudden death, and then kills the broker and removes its
// data. It doesn't matter which thread made the call, unlike with a parent
// death signal, and it works on more than Linux.
const leash = `dir=$1 box=$2; shift 2
(
	read -r _ <&3
	test -z "$box" || docker rm --force "$box"
	kill -KILL $$
	sleep 1
	rm -rf -- "$dir"
) >/dev/null 2>&1 &
exec "$@" 3<&-`

// process is one run of a broker.
type process struct {
	cmd  *exec.Cmd
	box  string   // the container's name, or empty
	line *os.File // the pipe that the watcher waits on
	// exited is closed when the process was waited for; err holds how it ended.
	exited chan struct{}
	err    error
}

// start runs argv with its output appended to logFile.
func start(dir, box, logFile string, argv []string) (*process, error) {
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("broker log: %w", err)
	}
	defer out.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", leash, "sh", dir, box}, argv...)...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, out, []*os.File{r}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start broker: %w", err)
	}
	p := &process{cmd: cmd, box: box, line: w, exited: make(chan struct{})}
	go p.wait()
	return p, nil
}

func (p *process) wait() {
	p.err = p.cmd.Wait()
	close(p.exited)
}

// kill ends the process and its watcher with SIGKILL and waits for the end. The
// group's id can't have been given to others: the watcher is in it until now.
func (p *process) kill() error {
	var errs []error
	if p.box != "" {
		if out, err := exec.Command("docker", "kill", p.box).CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("docker kill: %w: %s", err, out))
		}
	}
	if err := killGroup(p.cmd.Process.Pid); err != nil {
		errs = append(errs, fmt.Errorf("kill broker: %w", err))
	}
	<-p.exited
	return errors.Join(append(errs, p.line.Close())...)
}
