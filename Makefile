# wiresight: make run opens an example; make test passes everything.
# Needs Go and make; the rest is fetched by Go itself.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
GOFLAGS  += -trimpath
FUZZTIME ?= 30s
PREFIX   ?= /usr/local
EXAMPLE  ?= nagle-delayed-ack-rtt1ms
export CGO_ENABLED = 0

.PHONY: build run test patterns bench bench-data bench-compare lint fuzz lab install cross dist clean

build: ## bin/wiresight, a static binary
	go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o bin/wiresight ./cmd/wiresight

run: build ## open an example capture (EXAMPLE=name) in the TUI
	bin/wiresight examples $(EXAMPLE)

test: ## all tests, of the lab's own logic too
	go vet ./...
	go test ./...
	cd lab && go vet ./... && go test ./...

patterns: ## docs/patterns.md's tables: how the rules do on the labelled captures
	go test -run TestTheCatalogueHolds -count 1 ./classify -catalogue

bench: ## benchmarks of each stage
	go test -run '^$$' -bench . -benchmem ./...

bench-data: ## a capture of a million real packets, in .bench/
	cd lab && go run . bench-data -out ../.bench

bench-compare: build ## whole processes against tshark on that capture
	bash lab/bench-compare.sh bin/wiresight .bench/bench.pcap

lint: ## what CI holds the code to
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt: the files above are not formatted" >&2; exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	cd lab && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

fuzz: ## every fuzz target, FUZZTIME each
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

lab: ## rewrite testdata/ from real servers and clients (Linux; see lab/README.md)
	cd lab && go run . -out ../testdata

install: build ## into PREFIX/bin, with the man page
	install -D -m 0755 bin/wiresight $(DESTDIR)$(PREFIX)/bin/wiresight
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	bin/wiresight man > $(DESTDIR)$(PREFIX)/share/man/man1/wiresight.1

cross: ## does it build everywhere?
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		echo "$$os/$$arch"; GOOS=$$os GOARCH=$$arch go build -o /dev/null ./cmd/wiresight || exit 1; \
	done; done

dist: ## the files of a release in dist/: binaries, packages, licences, checksums
	VERSION=$(VERSION) bash cmd/wiresight/packaging/dist.sh

clean:
	rm -rf bin dist
