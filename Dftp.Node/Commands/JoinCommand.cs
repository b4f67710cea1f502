using System.Net;
using System.Text.Json;

namespace Dftp.Node.Commands;

/// <summary><c>dftp join</c>: makes a node join another node's cluster.</summary>
internal static class JoinCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var peer = context.Request.Operand;
        var node = new RunningNode(context);
        var answer = await node.PostAsync("/join/", "peer", peer, cancellationToken);
        if (answer.Status != HttpStatusCode.OK) throw new CommandException(answer.Sentence);
        if (ClusterReply.Parse(answer.Body) is not { } reply) throw node.NoManagement();
        if (context.Request.Json)
        {
            using var document = JsonDocument.Parse(answer.Body);
            await RunningNode.WriteJsonAsync(context.Output, document.WriteTo);
            return ExitCode.Done;
        }

        var known = string.Join(", ", reply.Peers?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>());
        await context.Output.WriteAsync(OneLine.Escape($"{reply.Me.Name} has joined {peer} and knows {known}") + "\n");
        return ExitCode.Done;
    }
}
