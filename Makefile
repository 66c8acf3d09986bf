# Everything a contributor runs. `make help` lists the targets.
#
# The toolchain is named here because a machine may hold an older Go: any Go from
# 1.21 on then fetches the right one by itself.
export GOTOOLCHAIN = go1.27.4+auto

GO          = go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Tests that run in parallel share the machine with a broker: at most this many
# packages at a time, and this long for the slowest package.
PACKAGES = 2
TIMEOUT  = 20m

.DEFAULT_GOAL := help
.PHONY: help build lint fmt vet staticcheck rules test test-fast test-mutation oracle-fuzz fuzz demo bench clean gcc

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

build: ## build the commands into bin/
	mkdir -p bin
	$(GO) build -o bin/ ./cmd/...

lint: fmt vet staticcheck rules ## all checks of the source

fmt: # gofmt of this toolchain: an older one can't parse generic methods
	@gofmt="$$($(GO) env GOROOT)/bin/gofmt" && files="$$($$gofmt -l .)" && \
	if [ -n "$$files" ]; then echo "not formatted, run go fmt ./...:"; echo "$$files"; exit 1; fi

vet: # for every system that users build on, and with the tags of the crash tests
	GOOS=linux CGO_ENABLED=0 $(GO) vet ./...
	GOOS=darwin CGO_ENABLED=0 $(GO) vet ./...
	GOOS=windows CGO_ENABLED=0 $(GO) vet ./...
	$(GO) vet -tags failpoint,mutation ./...

staticcheck:
	$(GO) run $(STATICCHECK) ./...

rules: # the project's own: imports, comments, sizes
	$(GO) test ./test/lint/...

# One broker serves all packages. It's fetched, started and stopped by
# test/kafka/withkafka, unless KAFKA_BOOTSTRAP names one that runs already.
test: gcc build ## all tests with the race detector, on a real Kafka too
	$(GO) build -o bin/ ./test/kafka/withkafka
	bin/withkafka $(GO) test -race -p $(PACKAGES) -timeout $(TIMEOUT) ./...

test-fast: ## tests without the real Kafka
	@echo "The tests on a real Kafka are left out; make test runs them all."
	ONCESTREAM_FAST=1 $(GO) test -short ./...

test-mutation: ## break exactly-once on purpose and see the crash test fail
	$(GO) build -o bin/ ./test/kafka/withkafka
	bin/withkafka $(GO) test -tags mutation -count=1 -timeout $(TIMEOUT) -run Mutation ./test/chaos/...

SEED = 1
N    = 100
KIND = fuzz

# How long each fuzz target runs.
FUZZTIME = 60s

# The default is small: a first look. Needs a JDK and Maven.
oracle-fuzz: ## random scenarios on Kafka Streams and on oncestream: SEED=1 N=100 KIND=fuzz|chain|vary
	$(GO) run ./test/oracle -fuzz $(N) -seed $(SEED) -kind $(KIND)

# Inputs that reach new code are shrunk by few steps: a minute for each, which is Go's
# default, leaves no time for others.
fuzz: ## all fuzz targets, one after another: FUZZTIME=60s
	@set -e; grep -rl '^func Fuzz' --include=*_test.go . | sort | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' "$$file" | while read -r target; do \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$file")"; \
		done; \
	done

demo: ## flights of 2013 on a broker inside the process
	$(GO) run ./examples/flights

bench: ## Go benchmarks, without tests
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean: ## remove what the targets made
	rm -rf bin

gcc: # the race detector is linked with the C compiler
	@cc="$$($(GO) env CC)"; command -v "$${cc%% *}" >/dev/null || { \
	echo "make test needs $$cc for the race detector. Install gcc, for instance: apt-get install gcc libc6-dev"; exit 1; }
