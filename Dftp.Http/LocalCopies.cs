using System.Net;
using System.Text;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http;

/// <summary>
/// The two marks in a query that ask for this node's own copies. <c>redirN</c> is of legacy nodes, which proxy for their clients: only they
/// may use it. <c>holder=NAME</c> is for everybody, and shows of the copies what the client may see. With either, nodes never forward in a
/// circle.
/// </summary>
internal sealed class LocalCopies(HttpOptions options)
{
    private const string ForwardMark = "redirN";

    private const string HolderMark = "holder";

    private const string Refusal =
        "redirN is for legacy nodes that are members of this cluster. A client asks for the copies of this node with ?holder=";

    private readonly byte[] _holder = Encoding.ASCII.GetBytes("?" + OfHolder(options.NodeName));

    private static ReadOnlySpan<byte> Forwarded => "?redirN=1"u8;

    /// <summary>The query, without its question mark, that asks a node for its own copies.</summary>
    public static string OfHolder(NodeName node) => $"{HolderMark}={Uri.EscapeDataString(node.Value)}";

    public static bool HasForwardMark(HttpRequest request) => request.QueryString.HasValue && request.Query.ContainsKey(ForwardMark);

    /// <summary>Decides which copies a request of a public interface is for.</summary>
    /// <param name="http">The exchange.</param>
    /// <param name="isLocal">Whether it is for this node's own.</param>
    /// <returns>The refusal; null: it can be answered.</returns>
    public Task? Refuse(HttpContext http, out bool isLocal)
    {
        isLocal = false;
        if (!http.Request.QueryString.HasValue) return null;
        if (HasForwardMark(http.Request))
        {
            isLocal = true;
            return http.Connection.RemoteIpAddress is { } client && options.IsReadingNode(client)
                ? null : PlainText.WriteAsync(http, StatusCodes.Status403Forbidden, $"{Refusal}{options.NodeName}.");
        }

        if (!http.Request.Query.TryGetValue(HolderMark, out var holder)) return null;
        isLocal = true;
        return holder == options.NodeName.Value
            ? null
            : PlainText.WriteAsync(http, StatusCodes.Status421MisdirectedRequest, $"This node is {options.NodeName}, no other holder.");
    }

    /// <summary>Takes a mark off a target with nothing else in its query.</summary>
    /// <param name="target">As the client sent it.</param>
    /// <param name="client">Its address.</param>
    /// <param name="isOfNodes">Whether the interface is for nodes, all of which may use their mark.</param>
    /// <param name="isLocal">Whether there was a mark.</param>
    /// <returns>False if the client may not use it.</returns>
    public bool TryTakeMark(ref ReadOnlySpan<byte> target, IPAddress? client, bool isOfNodes, out bool isLocal)
    {
        isLocal = true;
        if (target.EndsWith(Forwarded))
        {
            target = target[..^Forwarded.Length];
            return isOfNodes || (client is not null && options.IsReadingNode(client));
        }

        if (target.EndsWith(_holder)) target = target[..^_holder.Length];
        else isLocal = false;
        return true;
    }
}
