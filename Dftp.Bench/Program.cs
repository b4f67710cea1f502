using BenchmarkDotNet.Running;

// The hot paths by themselves. `make bench-micro FILTER='*Lookup*'` runs some, `--list flat` names them.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
