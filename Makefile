# See `make help`. A build needs the .NET SDK and make; the native form also needs clang or gcc.

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

SOURCES := $(shell find . \( -name bin -o -name obj -o -name .git -o -name Dftp.Tests -o -name Dftp.Bench \) -prune -o \
	\( -path './Dftp.*' -type f -o -name 'Directory.*.props' -o -name global.json -o -name .editorconfig \) -print)

.PHONY: all run test bench bench-micro soak format format-check clean help

all: bin/dftp

bin/dftp: $(SOURCES) scripts/build
	@scripts/build

# Without ROOTS it uses sample trees. `scripts/run DIR...` also takes names with spaces.
run: bin/dftp
	@scripts/run $(ROOTS)

# FILTER is an expression of `dotnet test --filter`: FILTER=FullyQualifiedName~CommandLine.
test: bin/dftp
	@scripts/test $(if $(FILTER),--filter '$(FILTER)')

# Compares dftp with nginx, vsftpd, find and plocate. ROW=scan,join measures some rows, ROW=list prints their names.
# BENCH has further arguments for bench/run.
bench: bin/dftp
	@bench/run $(if $(ROW),--row '$(ROW)') $(BENCH)

# Measures the hot paths alone: FILTER='*Lookup*' some of them.
bench-micro:
	dotnet run --configuration Release --project Dftp.Bench -- --artifacts bench/results/micro --filter '$(or $(FILTER),*)'

# Runs three nodes under load for SECONDS, and stops, kills, freezes and changes them.
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
	@echo 'make run ROOTS="A B ..."  run a node over each directory, as one cluster on this machine; without ROOTS over sample trees'
	@echo 'make test                 run all tests; FILTER=FullyQualifiedName~Part runs some'
	@echo 'make bench                compare dftp with nginx, vsftpd, find and plocate; ROW=NAME,NAME measures some rows, ROW=list prints their names'
	@echo 'make bench-micro          measure the hot paths alone; FILTER="*Lookup*" some of them'
	@echo 'make soak                 run three nodes under load and faults for ten minutes, or for SECONDS=N'
	@echo 'make format               format the sources; make format-check only checks them'
	@echo 'make clean                remove all build results'
