# Everything one needs to work on kubespan. `make` lists the targets.
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help setup build packages image check test demo demo-down cluster-setup cluster ways clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## install the system packages and node modules that are missing (as root)
	@scripts/install-packages
	@scripts/install-node-modules

build: ## bundle src/ to dist/
	@scripts/install-node-modules
	@npm run --silent build

check: ## types, lint, format, dead code, generated code, subjects of commits
	@scripts/install-node-modules
	@npm run --silent check

test: ## everything: check, build and all suites, as in CI (as root)
	@scripts/test

packages: setup build ## .deb, .rpm, .apk and a tarball for both architectures in dist/packages
	@scripts/install-packages unzip xz-utils
	@scripts/install-go
	@node_modules/.bin/node scripts/build-packages.ts $(ARGS)

image: setup build ## a container image for both architectures, an OCI archive in dist
	@scripts/install-go
	@node_modules/.bin/node scripts/build-image.ts $(ARGS)

demo: setup ## a small internet on this machine with a mesh across it (as root); ARGS=--keep leaves it up
	@npm run --silent demo -- $(ARGS)

demo-down: setup ## take down a demo that was left up
	@npm run --silent demo -- --down

cluster-setup: setup
	@scripts/install-packages etcd-server iptables gcc libc6-dev
	@scripts/install-go

cluster: cluster-setup ## a real Kubernetes cluster in namespaces, on a mesh (as root); ARGS="--cni FOLDER": with a CNI of yours
	@npm run --silent cluster -- $(ARGS)

ways: cluster-setup ## which way packets take in that cluster, or in one of its own: 45 ways (as root); ARGS="-o junit"
	@npm run --silent ways -- $(ARGS)

clean: ## remove what was built and fetched
	@rm -rf dist coverage .cache
