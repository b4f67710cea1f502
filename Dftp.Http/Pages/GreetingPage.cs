using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Pages;

/// <summary>Answers <c>/</c>: describes the node and its cluster, with totals and links.</summary>
internal sealed class GreetingPage(HttpOptions options)
{
    private static readonly CompositeFormat Head = CompositeFormat.Parse(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head><title>dftp on {0}</title>{7}</head>
        <body class="greeting">
        <header class="top"><a class="brand" href="/" aria-current="page">dftp</a>
        <form class="search" action="/find/" role="search"><input type="hidden" name="type" value="any">
        <input type="search" name="name" required placeholder="Search all files" aria-label="Search all files">
        <button>Search</button></form></header>
        <main>
        <h1>dftp</h1>
        <p class="of">node <b>{0}</b> of cluster <b>{1}</b>, version {2}</p>
        <p>The directories of several machines, served as one tree. Every node of the cluster shows all of it.</p>
        {6}<p class="sums">{3} in {4}, {5} in all.</p>
        <p class="go"><a href="/fs/">Browse the files</a><a href="/find/">List every path</a></p>
        <h2>Nodes</h2>
        <div class="scroll"><table>
        <thead><tr><th>Node</th><th>State</th><th>Address</th><th class="n">Files</th><th class="n">Size</th></tr></thead>

        """);

    private static readonly CompositeFormat Row = CompositeFormat.Parse(
        """
        <tr><td>{0}</td><td>{1}</td><td>{2}</td><td class="n">{3}</td><td class="n">{4}</td></tr>

        """);

    private static readonly CompositeFormat MissingRow = CompositeFormat.Parse(
        """
        <tr class="gone"><td>{0}</td><td>{1}</td><td></td><td class="n"></td><td class="n"></td></tr>

        """);

    private static readonly CompositeFormat Tail = CompositeFormat.Parse(
        """
        </table></div>
        <h2>From a shell</h2>
        <pre tabindex="0"># the path of every file
        curl {0}/find/
        # the listing of a directory
        curl {0}/fs/
        # a file; with -C - an interrupted transfer goes on where it stopped
        curl -O {0}/fs/some/file{1}</pre>
        </main>
        </body>
        </html>

        """);

    public async Task AnswerAsync(TreeRequest request)
    {
        var response = request.Http.Response;
        var totals = await request.Snapshot.TotalsAsync(VirtualPath.Root, request.Aborted);
        var body = Encoding.UTF8.GetBytes(Render(request, totals, AddressOf(request.Http)));
        response.ContentLength = body.Length;
        HtmlPage.WriteHeaders(response);
        request.Completeness.AddPartialResultHeaders(response);
        if (!request.IsHead) await response.Body.WriteAsync(body, request.Aborted);
    }

    private string Render(in TreeRequest request, TreeTotals totals, HostString address)
    {
        var page = new StringBuilder();
        page.AppendFormat(
            CultureInfo.InvariantCulture,
            Head,
            HtmlPage.Text(options.NodeName.Value),
            HtmlPage.Text(options.ClusterName),
            HtmlPage.Text(options.Version),
            Count(totals.Files, "file", "files"),
            Count(totals.Directories, "directory", "directories"),
            Sizes.Show(totals.Bytes),
            request.Completeness.IsWhole
                ? ""
                : $"<p class=\"notice\">There may be more: {HtmlPage.Text(request.Completeness.MissingNodes())}.</p>\n",
            HtmlPage.Head);
        foreach (var node in request.Tree.Nodes)
        {
            page.AppendFormat(
                CultureInfo.InvariantCulture,
                Row,
                HtmlPage.Text(node.Name.Value),
                Show(node.State),
                HtmlPage.Text(node.PublicAddress),
                node.Files?.ToString("N0", CultureInfo.InvariantCulture) ?? "",
                node.Bytes is { } bytes ? Sizes.Show(bytes) : "");
        }

        foreach (var node in request.Completeness.Missing)
        {
            // This node, whose own files may be unconfirmed, has its row already; so do joining nodes and nodes with an unreadable place.
            if (node.Name == options.NodeName || node.Path is not null) continue;
            if (node.Reason == MissingReason.Joining && request.Tree.FindNode(node.Name) is not null) continue;
            var state = node.Reason switch
            {
                MissingReason.Joining => Show(NodeState.Joining),
                MissingReason.Unconfirmed => $"files as of {Completeness.Time(node)}, not confirmed yet",
                MissingReason.Left => $"left at {Completeness.Time(node)}",
                _ => $"dead since {Completeness.Time(node)}",
            };
            page.AppendFormat(CultureInfo.InvariantCulture, MissingRow, HtmlPage.Text(node.Name.Value), state);
        }

        var ftp = options.FtpPort is { } port
            ? $"\n# the same tree by FTP\ncurl ftp://{HtmlPage.Text(new HostString(address.Host, port).Value)}/"
            : "";
        page.AppendFormat(CultureInfo.InvariantCulture, Tail, HtmlPage.Text($"{request.Http.Request.Scheme}://{address.Value}"), ftp);
        return page.ToString();
    }

    /// <summary>The address by which the client reached this node, so that the page's commands can be pasted.</summary>
    private static HostString AddressOf(HttpContext http)
    {
        if (RequestHost.Of(http.Request) is { } host) return new HostString(host);
        var ip = http.Connection.LocalIpAddress;
        if (ip is { IsIPv4MappedToIPv6: true }) ip = ip.MapToIPv4();
        return new HostString(ip?.ToString() ?? "localhost", http.Connection.LocalPort);
    }

    private static string Show(NodeState state) => state switch
    {
        NodeState.Self => "this node",
        NodeState.Alive => "alive",
        NodeState.Suspect => "does not answer",
        NodeState.Joining => "joining",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    private static string Count(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");
}
