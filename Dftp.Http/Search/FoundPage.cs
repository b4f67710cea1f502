using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Pages;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

/// <summary>Search results as a page: a form with the query, and a table. It needs no script.</summary>
/// <param name="request">The request with the query.</param>
/// <param name="complaint">A sentence about what is wrong with the query; null if it is valid.</param>
internal sealed class FoundPage(TreeRequest request, string? complaint) : FoundForm
{
    /// <summary>Path and directory as links and as text, with every byte escaped to the longest form, plus the fixed parts.</summary>
    public override int MaxLine => 24 * (VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes) + 6 * NodeName.MaxBytes + 640;

    /// <summary>More than a person reads.</summary>
    public override int? DefaultLimit => 1000;

    public override void WriteHeaders(HttpResponse response) => HtmlPage.WriteHeaders(response);

    public override byte[] Head()
    {
        var name = Field("name");
        var title = name.Length > 0 ? $"{name} – search" : "Search";
        var notice = complaint is null
            ? HtmlPage.MissingNotice(request.Completeness)
            : $"<p class=\"notice\" role=\"alert\">{HtmlPage.Text(complaint)}</p>\n";
        return Encoding.UTF8.GetBytes(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><title>{title}</title>{HtmlPage.Head}</head>
            <body>
            <header class="top"><a class="brand" href="/" title="This node and its cluster">dftp</a> <a href="/fs/">All files</a></header>
            <main>
            <h1>Search</h1>
            <form class="wanted" role="search">
            <label>Name or pattern <input type="search" name="name" value="{name}" placeholder="*.jpg, or a part of it"></label>
            <label>Below <input name="under" value="{Under()}" placeholder="/"></label>
            <label>What <select name="type">
            {Option("any", "files and directories")}{Option("file", "files")}{Option("dir", "directories")}</select></label>
            <label>Larger than <input name="larger" value="{Field("larger")}" placeholder="10M"></label>
            <label>Changed since <input type="date" name="newer" value="{Field("newer")}"></label>
            <label>Node <select name="node"><option value="">any</option>{Nodes()}</select></label>
            <button>Search</button>
            </form>
            {notice}<table class="list found"><caption class="unseen">Search results</caption>
            <colgroup><col class="name"><col class="size"><col class="time"><col class="node"></colgroup>
            <thead><tr><th scope="col">Name</th><th scope="col" class="size">Size</th>
            <th scope="col" class="time">Modified (UTC)</th><th scope="col" class="node">Node</th></tr></thead>
            <tbody>

            """);
    }

    public override void Append(Utf8Output output, in WalkEntry step)
    {
        var text = new Utf8Text(output.Room);
        var entry = step.Entry;
        var directory = Encoding.UTF8.GetBytes(step.Directory.IsRoot ? "/" : step.Directory.Value + "/");
        var size = Encoding.UTF8.GetBytes(Sizes.Show(entry.Size));
        var owner = Encoding.UTF8.GetBytes(entry.Owner.Value);
        Span<byte> time = stackalloc byte[16];
        entry.Modified.ToDateTimeOffset().UtcDateTime.TryFormat(time, out _, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

        text.Append("<tr><td class=\"name\"><a href=\"/fs"u8);
        AppendLink(ref text, directory);
        text.AppendPercentEncoded(entry.NameUtf8.Span);
        text.Append(entry.IsDirectory ? "/\">"u8 : "\">"u8);
        text.AppendHtml(entry.NameUtf8.Span);
        text.Append(entry.IsDirectory ? "/</a>"u8 : "</a>"u8);
        text.Append("<span class=\"where\">in <a href=\"/fs"u8);
        AppendLink(ref text, directory);
        text.Append("\">"u8);
        text.AppendHtml(directory);
        text.Append("</a></span><span class=\"facts\">"u8);
        text.AppendHtml(owner);
        text.Append(" · "u8);
        text.Append(size);
        text.Append(" · "u8);
        text.Append(time);
        text.Append("</span></td><td class=\"size\" title=\""u8);
        text.AppendNumber(entry.Size);
        text.Append(" bytes\">"u8);
        text.Append(size);
        text.Append("</td><td class=\"time\">"u8);
        text.Append(time);
        text.Append("</td><td class=\"node\">"u8);
        text.AppendHtml(owner);
        if (entry.HolderCount > 1)
        {
            text.Append(" +"u8);
            text.AppendNumber(entry.HolderCount - 1);
        }

        text.Append("</td></tr>\n"u8);
        output.Advance(text.Length);
    }

    public override byte[] Tail(int found, bool isCut)
    {
        var told = (complaint, found) switch
        {
            (not null, _) => "",
            (_, 0) => "Nothing was found.",
            (_, 1) when !isCut => "1 found.",
            _ when isCut => string.Create(CultureInfo.InvariantCulture, $"These are the first {found:N0}; there may be more."),
            _ => string.Create(CultureInfo.InvariantCulture, $"{found:N0} found."),
        };
        return Encoding.UTF8.GetBytes($"</tbody></table>\n<p class=\"told soft\" role=\"status\">{told}</p>\n</main>\n</body>\n</html>\n");
    }

    /// <summary>The slashes of a path stay as they are.</summary>
    private static void AppendLink(ref Utf8Text text, ReadOnlySpan<byte> path)
    {
        foreach (var part in path.Split((byte)'/'))
        {
            if (part.Start.Value > 0) text.Append((byte)'/');
            text.AppendPercentEncoded(path[part]);
        }
    }

    private string Field(string name) => HtmlPage.Text(request.Http.Request.Query[name].ToString());

    /// <summary>The request's path also selects a directory.</summary>
    private string Under() =>
        HtmlPage.Text(request.Path.IsRoot || Field("under").Length > 0
            ? request.Http.Request.Query["under"].ToString()
            : request.Path.Value);

    private string Option(string value, string shown)
    {
        var chosen = request.Http.Request.Query["type"].ToString() is { Length: > 0 } type ? type : "file";
        return $"<option value=\"{value}\"{(value == chosen ? " selected" : "")}>{shown}</option>";
    }

    private string Nodes()
    {
        var chosen = request.Http.Request.Query["node"].ToString();
        var names = request.Tree.Nodes.Select(node => node.Name.Value).Append(chosen)
            .Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal);
        return string.Concat(names.Select(name =>
            $"<option value=\"{HtmlPage.Text(name)}\"{(name == chosen ? " selected" : "")}>{HtmlPage.Text(name)}</option>"));
    }
}
