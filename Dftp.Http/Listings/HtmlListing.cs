using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Pages;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>
/// A listing in the format of nginx' autoindex module, which many programs parse: name, time and size in its columns, followed by
/// the owner's name, the number of other holders, and for a directory the bytes of all files below it. The page's script turns it
/// into a table. Only entries are links, so that no program mistakes anything else for an entry.
/// </summary>
internal sealed class HtmlListing(TreeRequest request, ListingQuery query) : ListingForm
{
    /// <summary>nginx' NGX_HTTP_AUTOINDEX_NAME_LEN, in code points.</summary>
    private const int NameColumns = 50;

    private const int SizeColumns = 19;

    private static readonly string Scripts = HtmlPage.EarlyScript("early.js") + HtmlPage.Script("listing.js");

    /// <summary>Buttons, not links: a program that follows every link would download everything twice.</summary>
    private const string ArchiveForm =
        "<form class=\"plain\">Download all <button name=\"archive\" value=\"zip\">zip</button> "
        + "<button name=\"archive\" value=\"tar\">tar</button> <button name=\"archive\" value=\"tar.gz\">tar.gz</button></form>\r\n";

    private readonly ListingDate _date = new();

    /// <summary>The previous entry's owner: neighbouring entries often share it.</summary>
    private NodeName _owner;
    private byte[] _ownerInHtml = [];

    /// <summary>
    /// The longest name fully encoded in the link, the name and the owner fully escaped as text, and the fixed columns.
    /// </summary>
    public override int MaxLine => 3 * VirtualPath.MaxNameBytes + 6 * 4 * NameColumns + 6 * NodeName.MaxBytes + 320;

    public override ReadOnlyMemory<byte> Tail { get; } = "</pre><hr></body>\r\n</html>\r\n"u8.ToArray();

    public override void WriteHeaders(HttpResponse response) => HtmlPage.WriteHeaders(response);

    public override byte[] Head()
    {
        var shown = HtmlPage.Text(request.Path.IsRoot ? "/" : request.Path.Value + "/");
        return Encoding.UTF8.GetBytes(
            $"<!DOCTYPE html>\r\n<html lang=\"en\">\r\n<head><title>Index of {shown}</title>{HtmlPage.Head}{Scripts}</head>\r\n"
            + $"<body>\r\n{SearchForm()}{SortForm()}{ArchiveForm}{HtmlPage.MissingNotice(request.Completeness)}"
            + $"<h1>Index of {shown}</h1><hr><pre><a href=\"../\">../</a>\r\n");
    }

    public override void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst)
    {
        var name = entry.NameUtf8.Span;
        // Most names need no escaping in HTML and URLs, and have one column per byte.
        var isPlain = PercentEncoding.IsPlain(name);
        text.Append("<a href=\""u8);
        if (isPlain) text.Append(name);
        else text.AppendPercentEncoded(name);
        if (entry.IsDirectory) text.Append((byte)'/');
        text.Append("\">"u8);
        AppendNameColumn(ref text, name, entry.IsDirectory, isPlain);
        text.Append((byte)' ');
        _date.Append(ref text, entry.Modified);
        text.Append((byte)' ');
        if (entry.IsDirectory)
        {
            text.AppendSpaces(SizeColumns - 1);
            text.Append((byte)'-');
        }
        else
        {
            text.AppendNumber(entry.Size, SizeColumns);
        }

        text.Append("  "u8);
        text.Append(OwnerInHtml(entry.Owner));
        if (entry.HolderCount > 1)
        {
            text.Append(" +"u8);
            text.AppendNumber(entry.HolderCount - 1);
        }

        if (entry.IsDirectory)
        {
            text.Append("  "u8);
            text.AppendNumber(entry.Size);
            text.Append(" bytes"u8);
        }

        text.Append("\r\n"u8);
    }

    private ReadOnlySpan<byte> OwnerInHtml(NodeName owner)
    {
        if (owner != _owner)
        {
            _owner = owner;
            _ownerInHtml = Encoding.UTF8.GetBytes(HtmlPage.Text(owner.Value));
        }

        return _ownerInHtml;
    }

    /// <summary>As nginx: a directory's slash if there is room for it; a long name is cut to 47 characters and <c>..&gt;</c>.</summary>
    private static void AppendNameColumn(ref Utf8Text text, ReadOnlySpan<byte> name, bool isDirectory, bool isPlain)
    {
        var columns = isPlain ? name.Length : CodePoints.Count(name);
        if (columns > NameColumns)
        {
            text.AppendHtml(CodePoints.First(name, NameColumns - 3));
            text.Append("..&gt;</a>"u8);
            return;
        }

        if (isPlain) text.Append(name);
        else text.AppendHtml(name);
        if (isDirectory && columns < NameColumns)
        {
            text.Append((byte)'/');
            columns++;
        }

        text.Append("</a>"u8);
        text.AppendSpaces(NameColumns - columns);
    }

    /// <summary>Searches the whole tree, or below this directory.</summary>
    private string SearchForm() =>
        "<form class=\"search\" action=\"/find/\" role=\"search\"><input type=\"hidden\" name=\"type\" value=\"any\">"
        + "<input type=\"search\" name=\"name\" required placeholder=\"Search all files\" aria-label=\"Search all files\">"
        + (request.Path.IsRoot
            ? ""
            : $"<label><input type=\"checkbox\" name=\"under\" value=\"{HtmlPage.Text(request.Path.Value)}\"> only below here</label>")
        + " <button>Search</button></form>\r\n";

    /// <summary>For browsers without scripts; the script's table has its own controls.</summary>
    private string SortForm()
    {
        string Option(string value, string shown, bool isChosen) =>
            $"<option value=\"{value}\"{(isChosen ? " selected" : "")}>{shown}</option>";
        return "<form class=\"plain\"><select name=\"sort\" aria-label=\"Sort by\">"
            + Option("name", "by name", query.Sort == ListingSort.Name)
            + Option("time", "by time", query.Sort == ListingSort.Time)
            + Option("size", "by size", query.Sort == ListingSort.Size)
            + "</select> <select name=\"order\" aria-label=\"Order\">"
            + Option("asc", "ascending", !query.IsDescending)
            + Option("desc", "descending", query.IsDescending)
            + "</select> <button>Sort</button></form>\r\n";
    }
}
