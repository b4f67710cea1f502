using Dftp.Cluster.Door;

namespace Dftp.Node.Commands;

/// <summary><c>dftp secret new</c>: prints a new key for the cluster's secret, and nothing else.</summary>
internal static class SecretCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        await context.Output.WriteAsync((ClusterSecret.NewKey() + "\n").AsMemory(), cancellationToken);
        return ExitCode.Done;
    }
}
