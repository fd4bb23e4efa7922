# Thin wrappers over CMake's workflow presets; see CMakePresets.json, and CONTRIBUTING.md for what to run when.
JOBS ?= $(shell nproc)
CMAKE = env -u MAKEFLAGS -u MAKELEVEL CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) CTEST_PARALLEL_LEVEL=$(JOBS) cmake

.PHONY: help demo test golden matrix bench peers compile-bench docs lists format clean
help:
	@echo 'make demo           the main job: compare fusion strategies (options: ARGS="--seeds 3")'
	@echo 'make test           build and pass all tests'
	@echo 'make golden         compare every operator with reference results (GOLDENS=DIR, ENGINE=reference, one part: ARGS=torch.gru)'
	@echo 'make matrix         the other configurations: clang, sanitizers, instruction sets (one of them: PART=2 or PART=asan)'
	@echo 'make bench          run-time benchmarks (options: ARGS=...)'
	@echo 'make peers          beside torch and ONNX Runtime (PEERS_BUILD=DIR ORT_INC=DIR ROUNDS=3 WORKLOADS=mfb BATCHES=1,8 ARGS=--json)'
	@echo 'make compile-bench  compile times as JSON (options: ARGS="--runs 1 --check")'
	@echo 'make docs           write docs/operators.md and docs/fusion-laws.md from the code'
	@echo 'make lists          after adding or removing a header: rewrite cmake/headers.cmake'
	@echo 'make format         clang-format over all sources'

demo:
	@sh cmake/install_packages.sh demo
	@$(CMAKE) --workflow --preset demo
	@build/demo/bench/fusion_strategies $(ARGS)

test:
	@sh cmake/install_packages.sh test
	@$(CMAKE) --workflow --preset test

GOLDENS ?= ../shared/goldens
golden:
	@sh cmake/install_packages.sh golden
	@JOBS=$(JOBS) GOLDEN_ENGINE=$(ENGINE) python3 -B tests/golden/golden.py $(GOLDENS) build/golden $(ARGS)

matrix:
	@env -u MAKEFLAGS -u MAKELEVEL CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) CTEST_PARALLEL_LEVEL=$(JOBS) \
	  bash cmake/matrix.sh $(if $(PART),--part $(PART))

bench:
	@sh cmake/install_packages.sh bench
	@$(CMAKE) --workflow --preset bench
	@for program in build/bench/bench/*_benchmark; do $$program $(ARGS) || exit 1; done

SHARED ?= ../shared
ROUNDS ?= 3
peers:
	@sh cmake/install_packages.sh bench peers >&2
	@$(CMAKE) --preset bench >&2
	@$(CMAKE) --build build/bench --target peer_workloads >&2
	@PEERS_BUILD='$(PEERS_BUILD)' ORT_INC='$(ORT_INC)' ROUNDS='$(ROUNDS)' WORKLOADS='$(WORKLOADS)' BATCHES='$(BATCHES)' \
	  bash bench/peers.sh $(SHARED) $(ARGS)

compile-bench:
	@sh cmake/install_packages.sh demo clang
	@$(CMAKE) --workflow --preset compile-bench >&2
	@build/compile-bench/bench/compile_bench --root . $(ARGS)

docs:
	@sh cmake/install_packages.sh test
	@sh cmake/operators_page.sh write
	@$(CMAKE) --preset dev >&2
	@$(CMAKE) --build build/dev --target laws_tests >&2
	@TECTUM_WRITE_DOCS=1 build/dev/tests/laws_tests >&2

lists:
	@sh cmake/lists.sh write

format:
	@sh cmake/install_packages.sh format
	@find include tests examples bench -name '*.hpp' -o -name '*.cpp' | xargs clang-format-19 -i

clean:
	@rm -rf build
