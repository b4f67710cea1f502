using System.Text;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>Runs a command with the process's standard output and a client for nodes.</summary>
internal static class CommandProcess
{
    /// <summary>The timeout for an answer of a node.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">The command failed.</exception>
    public static async Task<int> RunAsync(CommandDefinition command, CommandRequest request, TimeProvider time)
    {
        using var secret = OpenSecret(request);
        using var http = PeerHttp.CreateClient(Limit, secret is null ? null : new SigningHandler(secret, request.ClusterName, time));
        await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var context = new CommandContext(request, new NodeClient(http, Limit, time, request.NodesUseTls), output, Console.Error, time);
        return await command.RunAsync(context, CancellationToken.None);
    }

    private static ClusterSecret? OpenSecret(CommandRequest request)
    {
        try
        {
            return request.SecretFile is { } file ? ClusterSecret.Open(file) : null;
        }
        catch (SecretFileException failure)
        {
            throw new CommandException($"--cluster-secret-file: {failure.Message}");
        }
    }
}
