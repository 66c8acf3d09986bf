//go:build unix

package chaos

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The metrics that the tests look at.
const (
	metricIn       = "oncestream_records_in_total"
	metricRestored = "oncestream_restore_records_total"
	metricRebuilds = "oncestream_restore_rebuilds_total"
)

// buildBench builds the benchmark program with the given build tags.
func buildBench(t *testing.T, tags string) string {
	return buildProgram(t, tags, "cmd/oncestream-bench")
}

// buildProgram builds a program of the module with the given build tags.
func buildProgram(t *testing.T, tags, dir string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), filepath.Base(dir))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", tags, "-o", bin, "github.com/oncestream/oncestream/"+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// process is one process of an application, which is started again and again on
// the same state directory.
type process struct {
	t    *testing.T
	name string
	bin  string
	args []string
	env  []string
	// dir takes the logs.
	dir      string
	stateDir string
	// starts counts the starts, each of which has its own log file.
	starts int
	// started is set from the start to the stop: the process is expected to run.
	started bool
	cmd     *exec.Cmd
	// exited is closed when the process that was started last is gone; exit holds
	// how it ended then.
	exited chan struct{}
	exit   error
	// metrics is the address of its metrics, as soon as it's known.
	metrics string
}

// start starts the process, with more environment for this time only.
func (p *process) start(env ...string) {
	p.t.Helper()
	p.starts++
	log, err := os.Create(p.log())
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.bin, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = slices.Concat(os.Environ(), p.env, env)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.started = true
	p.metrics = ""
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		p.exit = cmd.Wait()
		close(exited)
	}(p.cmd, p.exited)
}

// log is the path of the current log file.
func (p *process) log() string {
	return filepath.Join(p.dir, fmt.Sprintf("%s.%d.log", p.name, p.starts))
}

// signal sends a signal to the process.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s to process %s: %v", s, p.name, err)
	}
}

// gone waits until the process has ended by itself, and returns how.
func (p *process) gone() error {
	p.t.Helper()
	p.started = false
	select {
	case <-p.exited:
		return p.exit
	case <-time.After(patience):
		p.t.Fatalf("process %s hasn't ended within %s", p.name, patience)
		return nil
	}
}

// kill ends the process with SIGKILL and waits until it's gone.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// running reports whether the process is there.
func (p *process) running() bool {
	if p.exited == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// end removes a process that a failed test has left behind, frozen or not.
func (p *process) end() {
	if p.running() {
		// The process may be gone in this very moment: then there's nothing to do.
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	if p.t.Failed() {
		p.t.Logf("end of the log of process %s:\n%s", p.name, p.tail())
	}
}

// tail returns the end of the log.
func (p *process) tail() []byte {
	b, err := os.ReadFile(p.log())
	if err != nil {
		return []byte(err.Error())
	}
	return b[max(0, len(b)-4096):]
}

// addressLine is what the program prints of its metrics.
var addressLine = regexp.MustCompile(`metrics on (http://\S+)`)

// metric returns the sum of a counter over its labels; 0 as long as the process
// doesn't serve metrics yet.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	families, err := p.scrape()
	if err != nil && !p.running() {
		p.t.Fatalf("process %s has ended by itself: %v", p.name, p.exit)
	}
	if err != nil {
		p.t.Fatalf("metrics of process %s: %v", p.name, err)
	}
	var sum float64
	for _, m := range families[name].GetMetric() {
		sum += m.GetCounter().GetValue()
	}
	return sum
}

// scrape reads all metrics.
func (p *process) scrape() (map[string]*dto.MetricFamily, error) {
	if p.metrics == "" {
		b, err := os.ReadFile(p.log())
		if err != nil {
			return nil, err
		}
		found := addressLine.FindSubmatch(bytes.TrimSpace(b))
		if found == nil {
			return nil, nil
		}
		p.metrics = string(found[1])
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.metrics, nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(resp.Body)
}
