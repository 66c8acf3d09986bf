//go:build unix

package broker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	java17 = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`
	java11 = `echo 'openjdk version "11.0.2" 2019-01-15' >&2`
	// mvn17 stands for Maven: it notes the call and makes one jar in the directory
	// of its last argument.
	mvn = `echo mvn >>"$LOG"; for a; do :; done; echo jar >"${a#-DoutputDirectory=}/kafka.jar"`
)

// machine replaces all commands and the cache by those of the test, and returns
// the file that the commands write to.
func machine(t *testing.T, commands map[string]string) (log string) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	for name, body := range commands {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cache := t.TempDir()
	for k, v := range map[string]string{
		"PATH": bin, "BIN": bin, "LOG": log, "HOME": cache, "XDG_CACHE_HOME": cache, "JAVA_HOME": "",
		"TMPDIR": t.TempDir(),
	} {
		t.Setenv(k, v)
	}
	return log
}

func TestLocate(t *testing.T) {
	const docker = `echo 28.2.2`
	for _, tc := range []struct {
		name     string
		commands map[string]string
		docker   bool
		fails    []string // what the error says
	}{
		{name: "Java and Maven", commands: map[string]string{"java": java17, "mvn": mvn}},
		{name: "Docker alone", commands: map[string]string{"docker": docker}, docker: true},
		{name: "Java too old, Docker", commands: map[string]string{"java": java11, "mvn": mvn, "docker": docker}, docker: true},
		{name: "Maven fails, Docker", commands: map[string]string{"java": java17, "mvn": "exit 1", "docker": docker}, docker: true},
		{name: "nothing", fails: []string{"java: missing", "docker: ", "JDK 17", "KAFKA_BOOTSTRAP", "test-fast"}},
		{name: "Java too old", commands: map[string]string{"java": java11}, fails: []string{"version 11, 17 or newer"}},
		{name: "no Maven", commands: map[string]string{"java": java17}, fails: []string{"mvn: missing"}},
		{
			name:     "Maven and Docker fail",
			commands: map[string]string{"java": java17, "mvn": "echo no route; exit 1", "docker": "echo no daemon; exit 1"},
			fails:    []string{"no route", "no daemon"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			machine(t, tc.commands)
			j, err := locate(t.Context())
			if len(tc.fails) > 0 {
				wantError(t, err, tc.fails)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (j.bin == "") != tc.docker {
				t.Errorf("java is %q, want Docker: %t", j.bin, tc.docker)
			}
		})
	}
}

func wantError(t *testing.T, err error, parts []string) {
	t.Helper()
	for _, s := range parts {
		if !strings.Contains(fmt.Sprint(err), s) {
			t.Errorf("error %v, want %q in it", err, s)
		}
	}
}

// As root apt-get brings what is missing; others are not asked for a password.
func TestInstall(t *testing.T) {
	apt := `echo apt-get "$@" >>"$LOG"
test "$1" = install || exit 0
test -z "$OLD" || test "$4" != openjdk-17-jdk-headless || exit 100
cd "$BIN"
printf '#!/bin/sh\n%s\n' '` + strings.ReplaceAll(java17, `'`, `'\''`) + `' >java
printf '#!/bin/sh\n%s\n' '` + mvn + `' >mvn
/bin/chmod +x java mvn`
	for _, old := range []string{"", "1"} {
		t.Run("17 is gone: "+old, func(t *testing.T) {
			log := machine(t, map[string]string{"apt-get": apt})
			t.Setenv("OLD", old)
			j, err := locate(t.Context())
			if os.Geteuid() != 0 {
				wantError(t, err, []string{"java: missing"})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if j.bin == "" {
				t.Error("Docker was chosen")
			}
			calls, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(calls), "default-jdk-headless"); got != (old != "") {
				t.Errorf("calls:\n%s", calls)
			}
		})
	}
}

// However many ask at once, the jars are fetched by one, and nobody gets a
// directory that isn't complete.
func TestJarsOnce(t *testing.T) {
	log := machine(t, map[string]string{"mvn": mvn})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := jars(t.Context())
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "kafka.jar")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if string(calls) != "mvn\n" {
		t.Errorf("calls:\n%s", calls)
	}
}

// A failed fetch leaves nothing that a later one would take for the jars, and
// jars of another pom are replaced.
func TestJarsReplaced(t *testing.T) {
	machine(t, map[string]string{"mvn": `test -e "$LOG" || { echo x >"$LOG"; exit 1; }` + "\n" + mvn})
	if _, err := jars(t.Context()); err == nil {
		t.Fatal("a failed fetch was taken for a success")
	}
	dir, err := jars(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "stale.jar")
	for _, f := range []string{stale, filepath.Join(dir, "pom.xml")} {
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := jars(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("the stale jar is still there: %v", err)
	}
}

func TestJavaVersion(t *testing.T) {
	for out, want := range map[string]int{
		`openjdk version "17.0.15" 2025-04-15`: 17,
		`java version "1.8.0_202"`:             1,
		`openjdk version "21" 2023-09-19`:      21,
		"command not found":                    0,
	} {
		if got := javaVersion(out); got != want {
			t.Errorf("%q: version %d, want %d", out, got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	j := java{bin: "/usr/bin/java", classpath: "/cache/*"}
	if got := strings.Join(j.command("k", "/d", []int{9}, "Main", "x"), " "); !strings.HasPrefix(got, "/usr/bin/java -Xms") ||
		!strings.HasSuffix(got, " -cp /cache/* Main x") {
		t.Errorf("got %s", got)
	}
	box := java{classpath: imageLibs}
	got := strings.Join(box.command("k", "/d", []int{9, 10}, "Main"), " ")
	for _, s := range []string{"docker run --rm --name k --volume /d:/d", "--publish 127.0.0.1:9:9 --publish 127.0.0.1:10:10", image + " -Xms"} {
		if !strings.Contains(got, s) {
			t.Errorf("got %s, want %q in it", got, s)
		}
	}
	if got := strings.Join(box.command("k", "/d", nil, "Main"), " "); !strings.Contains(got, "--network host") {
		t.Errorf("got %s", got)
	}
}
