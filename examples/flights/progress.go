package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how many flights are in the results: as a bar on a terminal,
// and elsewhere as a line for each tenth.
type progress struct {
	out    io.Writer
	total  int64
	bar    *progressbar.ProgressBar
	tenths int64
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: int64(total)}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(p.total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription("flights"),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("flights"),
			progressbar.OptionSetWidth(30),
		)
	}
	return p
}

// show says that done flights are in the results.
func (p *progress) show(done int64) {
	if p.bar != nil {
		// An error of the terminal isn't one of the application.
		_ = p.bar.Set64(done)
		return
	}
	if t := done * 10 / p.total; t > p.tenths {
		p.tenths = t
		fmt.Fprintf(p.out, "%d of %d flights\n", done, p.total)
	}
}

// finish ends the line that the bar is in.
func (p *progress) finish() {
	if p.bar != nil {
		fmt.Fprintln(p.out)
	}
}
