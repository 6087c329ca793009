# What there is to do here. `make devnet` and `make test` need nothing but
# Node and make; they install and build what is missing.
SHELL := /bin/bash
TSX := node --import tsx
# Most of what a block makes is garbage when it ends: room for it, and little is copied.
NODE_FLAGS := --max-semi-space-size=64
# The long simulation: how many chains, how long, in how many processes.
SEEDS ?= 100
BLOCKS ?= 10000
JOBS ?= 2
STAMP := node_modules/.installed
TESTS = $(shell find runtime x app cmd client test -name '*.test.ts' ! -path 'test/network/*' 2>/dev/null | sort)
NETWORK_TESTS = $(shell find test/network -name '*.test.ts' | sort)
# Ends when the tests end, whatever a client keeps open, and when one does not end.
RUN_TESTS = $(TSX) --test --test-force-exit --test-timeout=1800000 --test-reporter=spec
SOURCES = $(shell find runtime x app cmd client bench -name '*.ts' ! -name '*.test.ts' 2>/dev/null)

.PHONY: help install proto build devnet cometbft localnet localnet-stop localnet-clean chaos test lint format docs verifier bench results compare ablations sim-long sim-crises clean

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
	@exec node $(NODE_FLAGS) dist/cmd/plimsolld/main.js devnet

cometbft: ## build the pinned CometBFT from source (needs Go)
	@node tools/cometbft/build.mjs

localnet: build ## four validators on CometBFT, each with its own processes (needs Go; FRESH=1 starts over)
	@node tools/localnet.mjs start

localnet-stop: ## end the four validators; localnet goes on from there
	@node tools/localnet.mjs stop

localnet-clean: ## end the four validators and remove what they stored
	@node tools/localnet.mjs clean

chaos: install gen/image.ts ## the network tests at length: 50 kills of everything, 1,000 blocks under load, 1,000 behind (needs Go)
	PLIMSOLL_NETWORK_KILLS=50 PLIMSOLL_NETWORK_BLOCKS=1000 PLIMSOLL_NETWORK_MISSED=1000 PLIMSOLL_FUZZ=100000 \
	  $(RUN_TESTS) --test-concurrency=1 $(NETWORK_TESTS)

test: build lint ## run every test; those of whole networks one after the other (they skip, loudly, without Go)
	$(RUN_TESTS) --test-concurrency=2 $(TESTS)
	$(RUN_TESTS) --test-concurrency=1 $(NETWORK_TESTS)

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

verifier: $(STAMP) gen/image.ts ## write dist/verifier.html: check proofs of balances in a browser
	@node tools/verifier.mjs

bench: build ## measure, print a table, write bench/results.json
	node $(NODE_FLAGS) --expose-gc dist/bench/index.js

results: $(STAMP) gen/image.ts ## run every scenario and comparison and write docs/results.md (ONLY="T-A2 ..." for some)
	NODE_OPTIONS="--max-old-space-size=12288" $(TSX) test/results/write.ts $(ONLY)

# Paths that the comparison and the ablations run.
CASES := major-crash major-vee major-grind alt-crash alt-vee alt-grind

compare: $(STAMP) gen/image.ts ## run us against two other designs on the same paths, in JOBS processes, and write that section of docs/results.md
	JOBS=$(JOBS) $(TSX) test/results/write.ts $(addprefix compare-,$(CASES))

ablations: $(STAMP) gen/image.ts ## the same paths with one piece of ours taken away at a time; writes that section of docs/results.md
	JOBS=$(JOBS) $(TSX) test/results/write.ts $(addprefix ablations-,$(CASES))

sim-long: build sim-crises ## every recorded crisis, then 100 random chains of 10,000 blocks (SEEDS=, BLOCKS=, JOBS=)
	$(TSX) test/simulation/run.ts --seeds $(SEEDS) --blocks $(BLOCKS) --jobs $(JOBS)

sim-crises: build ## replay every recorded crisis in ../shared/data
	node dist/bench/crises.js

clean: ## remove what was built
	rm -rf dist gen
