using System.Net;
using System.Text.Json;
using Dftp.Cluster;

namespace Dftp.Node.Commands;

/// <summary>The node that a command talks to. Its errors are shown to the user unchanged.</summary>
internal sealed class RunningNode(CommandContext context)
{
    private HostPort Management => context.Request.Node;

    /// <exception cref="CommandException">No node answers there.</exception>
    public async Task<ClusterReply> ClusterAsync(CancellationToken cancellationToken)
    {
        var answer = await ReachAsync(() => context.Client.GetAsync(Management, "/cluster/", cancellationToken));
        return answer.Status == HttpStatusCode.OK && ClusterReply.Parse(answer.Body) is { } reply ? reply
            : throw RefusalIn(answer) ?? NoManagement();
    }

    /// <summary>Posts a request to the node's management interface.</summary>
    /// <exception cref="CommandException">No node answers there.</exception>
    public Task<NodeAnswer> PostAsync(string path, string field, string value, CancellationToken cancellationToken) =>
        ReachAsync(() => context.Client.PostAsync(Management, path, field, value, cancellationToken));

    /// <summary>The address of the node's public interface.</summary>
    /// <exception cref="CommandException">No node answers, or it has no public interface.</exception>
    public async Task<HostPort> PublicAddressAsync(CancellationToken cancellationToken)
    {
        var reply = await ClusterAsync(cancellationToken);
        var address = reply.PublicAddress(Management);
        var isManagement = HostPort.TryParse(reply.Me.MgmtAddr, out var management) && management.Port == address.Port;
        return isManagement || address.Port == 0
            ? throw new CommandException($"{reply.Me.Name} has no public interface to ask: it was started with an empty --http-listen")
            : address;
    }

    /// <summary>The node's status report, as received and deserialized.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public async Task<(NodeAnswer Answer, StatusReport Report)> StatusAsync(CancellationToken cancellationToken)
    {
        var answer = await ReachAsync(() => context.Client.GetAsync(Management, "/status/", cancellationToken));
        return answer.Status == HttpStatusCode.OK && StatusReport.Parse(answer.Body) is { } report ? (answer, report)
            : throw RefusalIn(answer)
                ?? new CommandException($"what answers at {Management} gives no report of itself: is it a node, and no original one?");
    }

    /// <summary>The node does not take this command for one of its cluster.</summary>
    private CommandException? RefusalIn(NodeAnswer answer) =>
        answer.Status is not (HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest) ? null
        : new CommandException($"the node at {Management} refuses this command: {answer.Sentence}");

    public CommandException NoManagement() => new(
        $"what answers at {Management} is not the management interface of a node (port 7041 where it was not changed): "
        + "name one by --node HOST:PORT");

    /// <summary>Writes JSON from a node: indented, with terminal control characters escaped.</summary>
    public static async Task WriteJsonAsync(TextWriter output, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" })) write(json);
        await output.WriteAsync(System.Text.Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)) + "\n");
    }

    private async Task<NodeAnswer> ReachAsync(Func<Task<NodeAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (NoAnswerException failure)
        {
            throw new CommandException(
                $"no node answers at {Management} ({failure.Message}): "
                + "start one by dftp --dfsroot DIR, or name another by --node HOST:PORT");
        }
    }
}
