# What there is to do here. `make devnet` and `make test` need nothing but
# Node and make; they install and build what is missing.
SHELL := /bin/bash
TSX := node --import tsx
STAMP := node_modules/.installed
TESTS = $(shell find runtime x app cmd client test -name '*.test.ts' 2>/dev/null | sort)
SOURCES = $(shell find runtime x app cmd client bench -name '*.ts' ! -name '*.test.ts' 2>/dev/null)

.PHONY: help install proto build devnet test lint format docs bench sim-long clean

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)
$(STAMP): package.json package-lock.json
	npm install --no-audit --no-fund --loglevel=error
	@touch $@

proto: gen/image.ts ## generate types from the .proto files
gen/image.ts: $(STAMP) $(shell find proto -name '*.proto') buf.yaml buf.gen.yaml tools/proto.mjs
	node tools/proto.mjs
	@touch $@

build: dist/.built ## compile to dist/
dist/.built: gen/image.ts tsconfig.json tsconfig.build.json $(SOURCES)
	node_modules/.bin/tsc -p tsconfig.build.json
	@chmod +x dist/cmd/plimsolld/main.js
	@touch $@

devnet: build ## boot a chain with markets, moving prices and funded accounts (FRESH=1 starts over)
	@exec node dist/cmd/plimsolld/main.js devnet

test: build lint ## run every test
	$(TSX) --test --test-force-exit --test-concurrency=2 --test-reporter=spec $(TESTS)

lint: gen/image.ts ## check types, style, the import rule and the determinism bans
	node_modules/.bin/tsc -p tsconfig.json
	node_modules/.bin/prettier --check --log-level warn .
	node_modules/.bin/eslint --max-warnings 0 .
	node_modules/.bin/depcruise --config .dependency-cruiser.cjs runtime x app cmd client test bench
	node tools/architecture.mjs --check

format: $(STAMP) ## write files in the one format
	node_modules/.bin/prettier --write --log-level warn .

docs: $(STAMP) ## draw the architecture picture from the imports
	node tools/architecture.mjs

bench: build ## measure, print a table, write bench/results.json
	node --expose-gc dist/bench/index.js

sim-long: build ## replay every recorded crisis in ../shared/data
	node dist/bench/crises.js

clean: ## remove what was built
	rm -rf dist gen
