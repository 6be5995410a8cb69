# Each target is a short script; read them in scripts/.
.PHONY: demo test lint bench docs fmt crash fuzz clean

demo:   ; @scripts/demo
test:   ; @scripts/test
lint:   ; @scripts/lint
bench:  ; @scripts/bench
docs:   ; @scripts/docs
fmt:    ; @scripts/fmt
crash:  ; @scripts/crash
fuzz:   ; @scripts/fuzz
clean:  ; rm -rf .venv .venvs .demo site .pytest_cache .mypy_cache .ruff_cache
