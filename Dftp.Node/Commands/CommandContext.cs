using Dftp.Cluster;

namespace Dftp.Node.Commands;

/// <summary>What the user asks of a command.</summary>
/// <param name="Node">The management address of the node to talk to.</param>
/// <param name="Json">The node's own answer is wanted.</param>
/// <param name="Operand">The command's argument; empty where none is given.</param>
internal sealed record CommandRequest(HostPort Node, bool Json, string Operand)
{
    public const string DefaultNode = "localhost:7041";
}

/// <summary>What a command works with.</summary>
internal sealed record CommandContext(CommandRequest Request, NodeClient Client, TextWriter Output, TextWriter Error, TimeProvider Time);

/// <summary>The command cannot do what it is asked. The message is one sentence for the user.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>What commands tell the shell, as grep does.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Nothing was found, something is wrong, or the command failed.</summary>
    public const int NotDone = 1;
}
