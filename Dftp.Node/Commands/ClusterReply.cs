using System.Text.Json;
using Dftp.Cluster;

namespace Dftp.Node.Commands;

/// <summary>The answer to <c>GET /cluster/</c>, of a node of ours or of an original one.</summary>
internal sealed record ClusterReply
{
    /// <summary>The cluster's name.</summary>
    public string? Name { get; set; }

    public required ListedNode Me { get; init; }

    /// <summary>The present nodes that it knows, by name; without the missing ones.</summary>
    public Dictionary<string, ListedNode>? Peers { get; set; }

    /// <returns>Null when the body is not such an answer.</returns>
    public static ClusterReply? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var reply = JsonSerializer.Deserialize(json.Span, AnswerJson.Default.ClusterReply);
            return reply?.Me is { Name.Length: > 0 } me && HostPort.TryParse(me.PublicAddr, out _) && HostPort.TryParse(me.MgmtAddr, out _)
                ? reply
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The address of its public interface, for a client that reached it at <paramref name="asked"/>.</summary>
    public HostPort PublicAddress(HostPort asked) =>
        HostPort.TryParse(Me.PublicAddr, out var address) && address.Host.Length > 0 ? address : asked with { Port = address?.Port ?? 0 };
}

/// <summary>A node in a <see cref="ClusterReply"/>.</summary>
internal sealed record ListedNode
{
    public string? Name { get; set; }

    public string? PublicAddr { get; set; }

    public string? MgmtAddr { get; set; }

    /// <summary>Unix seconds; for the node that answers, the current time.</summary>
    public long LastAlive { get; set; }

    /// <summary>A start of its process; null from a legacy node.</summary>
    public long? Epoch { get; set; }
}
