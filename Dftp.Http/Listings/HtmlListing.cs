using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Pages;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>
/// A directory in the form of nginx' autoindex module, which many programs read: name, time and size in its columns, and after them the
/// owner's name and how many others have the entry too. The page's script makes a table of it; nothing but the entries is a link, so that
/// no program takes something else for one.
/// </summary>
internal sealed class HtmlListing(TreeRequest request, ListingQuery query) : ListingForm
{
    /// <summary>nginx' NGX_HTTP_AUTOINDEX_NAME_LEN, in code points.</summary>
    private const int NameColumns = 50;

    private const int SizeColumns = 19;

    private static readonly string Script = HtmlPage.Script("listing.js");

    private readonly ListingDate _date = new();

    /// <summary>Every byte of the longest name encoded in the link, the name's and the owner's marked up, and the fixed columns.</summary>
    public override int MaxLine => 3 * VirtualPath.MaxNameBytes + 6 * 4 * NameColumns + 6 * NodeName.MaxBytes + 256;

    public override ReadOnlyMemory<byte> Tail { get; } = "</pre><hr></body>\r\n</html>\r\n"u8.ToArray();

    public override void WriteHeaders(HttpResponse response) => HtmlPage.WriteHeaders(response);

    public override byte[] Head()
    {
        var shown = HtmlPage.Text(request.Path.IsRoot ? "/" : request.Path.Value + "/");
        var notice = request.Completeness.IsWhole
            ? ""
            : $"<p class=\"notice\">This list may be incomplete: {HtmlPage.Text(request.Completeness.WhoIsAway())}.</p>\r\n";
        return Encoding.UTF8.GetBytes(
            $"<!DOCTYPE html>\r\n<html lang=\"en\">\r\n<head><title>Index of {shown}</title>{HtmlPage.Head}{Script}</head>\r\n"
            + $"<body>\r\n{HtmlPage.SearchForm}{SortForm()}{notice}<h1>Index of {shown}</h1><hr><pre><a href=\"../\">../</a>\r\n");
    }

    public override void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst)
    {
        var name = entry.NameUtf8.Span;
        text.Append("<a href=\""u8);
        text.AppendPercentEncoded(name);
        if (entry.IsDirectory) text.Append((byte)'/');
        text.Append("\">"u8);
        AppendNameColumn(ref text, name, entry.IsDirectory);
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
        text.AppendHtml(entry.Owner.Value);
        if (entry.HolderCount > 1)
        {
            text.Append(" +"u8);
            text.AppendNumber(entry.HolderCount - 1);
        }

        text.Append("\r\n"u8);
    }

    /// <summary>As nginx: a directory's slash where there is room for it, a long name cut to 47 characters and <c>..&gt;</c>.</summary>
    private static void AppendNameColumn(ref Utf8Text text, ReadOnlySpan<byte> name, bool isDirectory)
    {
        var columns = CodePoints.Count(name);
        if (columns > NameColumns)
        {
            text.AppendHtml(CodePoints.First(name, NameColumns - 3));
            text.Append("..&gt;</a>"u8);
            return;
        }

        text.AppendHtml(name);
        if (isDirectory && columns < NameColumns)
        {
            text.Append((byte)'/');
            columns++;
        }

        text.Append("</a>"u8);
        text.AppendSpaces(NameColumns - columns);
    }

    /// <summary>For browsers without scripts; the table of the others has its own way.</summary>
    private string SortForm()
    {
        string Option(string value, string shown, bool isChosen) =>
            $"<option value=\"{value}\"{(isChosen ? " selected" : "")}>{shown}</option>";
        return "<form class=\"sort\"><select name=\"sort\" aria-label=\"Sort by\">"
            + Option("name", "by name", query.Sort == ListingSort.Name)
            + Option("time", "by time", query.Sort == ListingSort.Time)
            + Option("size", "by size", query.Sort == ListingSort.Size)
            + "</select> <select name=\"order\" aria-label=\"Order\">"
            + Option("asc", "ascending", !query.IsDescending)
            + Option("desc", "descending", query.IsDescending)
            + "</select> <button>Sort</button></form>\r\n";
    }
}
