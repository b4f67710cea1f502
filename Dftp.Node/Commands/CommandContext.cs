using Dftp.Cluster;

namespace Dftp.Node.Commands;

/// <summary>The user's request to a command.</summary>
/// <param name="Node">The management address of the node to talk to.</param>
/// <param name="Json">Whether to print the node's JSON answer.</param>
/// <param name="Operand">The command's argument; empty when none is given.</param>
internal sealed record CommandRequest(HostPort Node, bool Json, string Operand)
{
    public const string DefaultNode = "localhost:7041";

    /// <summary>The cluster for which requests are signed.</summary>
    public string ClusterName { get; init; } = "dftp";

    /// <summary>The absolute path of the file with the cluster secret. Null: requests are not signed.</summary>
    public string? SecretFile { get; init; }

    /// <summary>Whether nodes speak TLS once there is a secret.</summary>
    public bool ClusterTls { get; init; } = true;

    public bool NodesUseTls => ClusterTls && SecretFile is not null;
}

/// <summary>The dependencies of a command.</summary>
internal sealed record CommandContext(CommandRequest Request, NodeClient Client, TextWriter Output, TextWriter Error, TimeProvider Time);

/// <summary>The command failed. The message is one sentence for the user.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>The exit codes of commands, as grep's.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Nothing was found, something is wrong, or the command failed.</summary>
    public const int NotDone = 1;
}
