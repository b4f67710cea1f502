using BenchmarkDotNet.Running;
using Dftp.Bench;

// The hot paths by themselves. `make bench-micro FILTER='*Lookup*'` runs some, `--list flat` names them. Uploads need two processes.
switch (args)
{
    case ["uploads", .. var rest]:
        await Uploads.RunAsync(rest);
        break;
    case ["upload", .. var rest]:
        Uploads.Send(rest);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Uploads).Assembly).Run(args);
        break;
}
