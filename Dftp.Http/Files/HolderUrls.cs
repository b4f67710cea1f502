using System.Globalization;
using System.Net;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Files;

/// <summary>Makes URLs at which clients can read copies directly from the nodes that hold them.</summary>
internal static class HolderUrls
{
    /// <summary>Clients use a few; the header must not grow with the cluster.</summary>
    private const int MaxDuplicates = 16;

    /// <summary>Reverse proxies often accept only 4 KiB of headers in all.</summary>
    private const int MaxFieldLength = 2048;

    /// <summary>The URL of a path on a node, for this request's client.</summary>
    /// <returns>Null when the client cannot reach it: the node has no public interface, or it listens on its loopback only.</returns>
    public static string? Of(TreeRequest request, NodeSummary node, bool isDirectory = false)
    {
        var slash = isDirectory && !request.Path.IsRoot ? "/" : "";
        var path = $"/fs{PercentEncoding.Encode(request.Path)}{slash}";
        if (node.State == NodeState.Self)
        {
            var asked = request.Http.Request;
            return RequestHost.Of(asked) is { } host ? $"{asked.Scheme}://{host}{path}" : path;
        }

        return IsReachable(node, request.Http.Connection.RemoteIpAddress) ? node.PublicUrl + path : null;
    }

    /// <summary>The same file at other nodes, the preferred ones first (RFC 6249 section 3): absent when there is none.</summary>
    /// <param name="sought">Where it is.</param>
    /// <param name="file">The version to send.</param>
    /// <param name="self">This node.</param>
    public static ValueTask<string?> DuplicatesOfAsync(in SoughtFile sought, in Entry file, NodeName self)
    {
        // The most common case, a file of this node only, costs nothing here. The others' URLs are plain HTTP, and a client of HTTPS
        // must not be sent there.
        if (sought.IsHttps || (file.HolderCount == 1 && file.Owner == self)) return default;
        if (file.HolderCount > 1) return LinksAsync(sought, file);
        return new(sought.Tree.FindNode(file.Owner) is { } only && IsElsewhere(only, sought) ? LinkTo(UrlOf(only, sought), 1) : null);
    }

    private static async ValueTask<string?> LinksAsync(SoughtFile sought, Entry file)
    {
        var field = new StringBuilder();
        var urls = (await HoldersOfAsync(sought, file)).Where(node => IsElsewhere(node, sought)).Select(node => UrlOf(node, sought));
        foreach (var (index, url) in urls.Take(MaxDuplicates).Index())
        {
            var link = LinkTo(url, index + 1);
            if (field.Length + link.Length > MaxFieldLength) break;
            field.Append(index == 0 ? "" : ", ").Append(link);
        }

        return field.Length == 0 ? null : field.ToString();
    }

    /// <summary>The redirect target for a file of which this node has no copy, with the query of the request.</summary>
    /// <returns>Null when this node must serve the file: it has a copy, or the client can reach no holder.</returns>
    public static async ValueTask<string?> ElsewhereOnlyAsync(TreeRequest request, Entry file)
    {
        var sought = SoughtFile.Of(request);
        // As for links: a client of HTTPS must not be sent to plain HTTP.
        if (sought.IsHttps) return null;
        var holders = await HoldersOfAsync(sought, file);
        if (holders.Exists(node => node.State == NodeState.Self)) return null;
        if (holders.Find(node => IsElsewhere(node, sought)) is not { } holder) return null;
        var query = request.Target.Query;
        // Only that node's copy, so that a redirected client is never redirected again.
        return UrlOf(holder, sought) + (query.Length > 1 ? query + "&" : "?") + LocalCopies.OfHolder(holder.Name);
    }

    /// <summary>
    /// Whether a page of this node embeds the file, according to the browser's Fetch Metadata fields. The page's
    /// Content-Security-Policy forbids other origins, also by redirect.
    /// </summary>
    public static bool IsLoadedByOurPage(TreeRequest request) =>
        request.Http.Request.Headers["Sec-Fetch-Site"] == "same-origin" && request.Http.Request.Headers["Sec-Fetch-Mode"] != "navigate";

    private static bool IsElsewhere(NodeSummary node, in SoughtFile sought) =>
        node.State == NodeState.Alive && IsReachable(node, sought.Client);

    private static string UrlOf(NodeSummary node, in SoughtFile sought) => $"{node.PublicUrl}/fs{PercentEncoding.Encode(sought.Path)}";

    private static string LinkTo(string url, int priority) =>
        string.Create(CultureInfo.InvariantCulture, $"<{url}>; rel=duplicate; pri={priority}");

    /// <summary>The nodes that hold it with this size and time.</summary>
    private static async ValueTask<List<NodeSummary>> HoldersOfAsync(SoughtFile sought, Entry file)
    {
        var copies = await sought.Snapshot.HoldersAsync(sought.Path);
        return
        [
            .. copies.Where(copy => !copy.IsDirectory && copy.HasSameContentFacts(file))
                .Select(copy => sought.Tree.FindNode(copy.Owner)).OfType<NodeSummary>(),
        ];
    }

    /// <summary>A loopback address is reachable only for clients on that machine, which come from loopback themselves.</summary>
    private static bool IsReachable(NodeSummary node, IPAddress? client)
    {
        if (node.PublicUrl.Length == 0) return false;
        if (client is null || IPAddress.IsLoopback(client)) return true;
        return !(Uri.TryCreate(node.PublicUrl, UriKind.Absolute, out var parsed) && parsed.IsLoopback);
    }
}

/// <summary>A requested file, with what decides which other nodes the client can use.</summary>
/// <param name="Tree">Knows the nodes.</param> <param name="Snapshot">Of that tree.</param>
/// <param name="Path">Of the file.</param>
/// <param name="Client">The client's address.</param>
/// <param name="IsHttps">It asks by TLS.</param>
internal readonly record struct SoughtFile(ITreeView Tree, ITreeSnapshot Snapshot, VirtualPath Path, IPAddress? Client, bool IsHttps)
{
    public static SoughtFile Of(TreeRequest request) =>
        new(request.Tree, request.Snapshot, request.Path, request.Http.Connection.RemoteIpAddress, request.Http.Request.IsHttps);
}
