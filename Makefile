# dftp's commands: see `make help`. A build needs the .NET SDK and make; for the native form also clang or gcc.

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

SOURCES := $(shell find . \( -name bin -o -name obj -o -name .git -o -name Dftp.Tests -o -name Dftp.Bench \) -prune -o \
	\( -path './Dftp.*' -type f -o -name 'Directory.*.props' -o -name global.json -o -name .editorconfig \) -print)

.PHONY: all run test bench bench-micro soak format format-check clean help

all: bin/dftp

bin/dftp: $(SOURCES) scripts/build
	@scripts/build

# Sample trees without ROOTS; `scripts/run DIR...` also takes names with spaces.
run: bin/dftp
	@scripts/run $(ROOTS)

# FILTER is an expression of `dotnet test --filter`, such as FILTER=FullyQualifiedName~CommandLine.
test: bin/dftp
	@scripts/test $(if $(FILTER),--filter '$(FILTER)')

# Beside nginx, vsftpd, find and plocate. ROW=scan,join measures some rows, ROW=list names them; BENCH has more arguments of bench/run.
bench: bin/dftp
	@bench/run $(if $(ROW),--row '$(ROW)') $(BENCH)

# The hot paths by themselves, such as FILTER='*Lookup*'.
bench-micro:
	dotnet run --configuration Release --project Dftp.Bench -- --artifacts bench/results/micro --filter '$(or $(FILTER),*)'

# Three nodes under load, stopped, killed, frozen and changed for SECONDS.
soak: bin/dftp
	@bench/soak $(if $(SECONDS),--seconds $(SECONDS))

format:
	dotnet format Dftp.sln

format-check:
	dotnet format Dftp.sln --verify-no-changes

clean:
	rm -rf bin obj TestResults Dftp.*/bin Dftp.*/obj

help:
	@echo 'make                      build bin/dftp; FORM=single or FORM=runtime builds it for a machine without the native packs'
	@echo 'make run ROOTS="A B ..."  run a node over each directory on this machine, united; without ROOTS over sample trees'
	@echo 'make test                 run every test; FILTER=FullyQualifiedName~Part runs some'
	@echo 'make bench                measure dftp beside nginx, vsftpd, find and plocate; ROW=NAME,NAME some of it, ROW=list the names'
	@echo 'make bench-micro          measure the hot paths by themselves; FILTER="*Lookup*" some of them'
	@echo 'make soak                 three nodes under load for ten minutes, or SECONDS=N'
	@echo 'make format               bring the sources into their form; make format-check tells whether they are in it'
	@echo 'make clean                remove what was built'
