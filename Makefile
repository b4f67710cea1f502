# dftp's commands: see `make help`. The .NET SDK and make are all that a build needs.

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

SOURCES := $(shell find . \( -name bin -o -name obj -o -name .git -o -name Dftp.Tests \) -prune -o \
	\( -path './Dftp.*' -type f -o -name 'Directory.*.props' -o -name global.json -o -name .editorconfig \) -print)

# One self-contained file where the runtime can be had that way; elsewhere the program beside its libraries, over the installed runtime.
RID = $(shell dotnet --info | sed -n 's/^ *RID: *//p' | head -n 1)
PUBLISH = dotnet publish Dftp.Node/Dftp.Node.csproj --configuration Release --output bin --verbosity quiet

.PHONY: all run test format format-check clean help

all: bin/dftp

bin/dftp: $(SOURCES) Makefile
	@rm -rf bin
	$(PUBLISH) $(if $(filter linux-x64,$(RID)),--runtime linux-x64)
	@touch bin/dftp

# Sample trees without ROOTS; `scripts/run DIR...` also takes names with spaces.
run: bin/dftp
	@scripts/run $(ROOTS)

# FILTER is an expression of `dotnet test --filter`, such as FILTER=FullyQualifiedName~CommandLine.
test: bin/dftp
	@scripts/test $(if $(FILTER),--filter '$(FILTER)')

format:
	dotnet format Dftp.sln

format-check:
	dotnet format Dftp.sln --verify-no-changes

clean:
	rm -rf bin TestResults Dftp.*/bin Dftp.*/obj

help:
	@echo 'make                      build bin/dftp'
	@echo 'make run ROOTS="A B ..."  run a node over each directory on this machine, united; without ROOTS over sample trees'
	@echo 'make test                 run every test; FILTER=FullyQualifiedName~Part runs some'
	@echo 'make format               bring the sources into their form; make format-check tells whether they are in it'
	@echo 'make clean                remove what was built'
