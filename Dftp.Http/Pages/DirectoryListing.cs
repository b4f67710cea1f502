using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Pages;

/// <summary>
/// A directory in the form of nginx' autoindex module, which many programs read: name, time and size in its columns, with the owner's
/// name after them.
/// </summary>
internal static class DirectoryListing
{
    /// <summary>nginx' NGX_HTTP_AUTOINDEX_NAME_LEN, in code points.</summary>
    private const int NameColumns = 50;

    private const int SizeColumns = 19;

    /// <summary>Every byte of the longest name encoded in the link, the name's and the owner's marked up, and the fixed columns.</summary>
    private const int MaxLine = 3 * VirtualPath.MaxNameBytes + 6 * 4 * NameColumns + 6 * NodeName.MaxBytes + 256;

    /// <summary>The path stands in the head twice.</summary>
    private const int MaxHead = 2 * 6 * VirtualPath.MaxPathBytes + 256;

    public static async Task AnswerAsync(TreeRequest request)
    {
        var response = request.Http.Response;
        response.ContentType = HtmlPage.ContentType;
        response.Headers.ContentSecurityPolicy = HtmlPage.SecurityPolicy;
        request.Completeness.Tell(response);
        if (request.IsHead) return;

        await response.StartAsync(request.Aborted);
        var output = new Utf8Output(response.BodyWriter);
        var notice = Notice(request.Completeness);
        var head = MaxHead + notice.Length;
        if (!output.HasRoom(head) && !await output.MakeRoomAsync(head, request.Aborted)) return;
        AppendHead(output, request.Path, notice);
        var date = new ListingDate();
        foreach (var entry in request.Snapshot.List(request.Path))
        {
            if (!output.HasRoom(MaxLine) && !await output.MakeRoomAsync(MaxLine, request.Aborted)) return;
            AppendLine(output, entry, date);
        }

        if (!output.HasRoom(MaxLine) && !await output.MakeRoomAsync(MaxLine, request.Aborted)) return;
        AppendTail(output);
        output.Complete();
    }

    private static void AppendHead(Utf8Output output, VirtualPath path, ReadOnlySpan<byte> notice)
    {
        var shown = Encoding.UTF8.GetBytes(path.IsRoot ? "/" : path.Value + "/");
        var text = new Utf8Text(output.Room);
        text.Append("<html>\r\n<head><title>Index of "u8);
        text.AppendHtml(shown);
        text.Append("</title><meta charset=\"utf-8\"></head>\r\n<body>\r\n"u8);
        text.Append(notice);
        text.Append("<h1>Index of "u8);
        text.AppendHtml(shown);
        text.Append("</h1><hr><pre><a href=\"../\">../</a>\r\n"u8);
        output.Advance(text.Length);
    }

    /// <summary>Stands before what programs read, and has no link.</summary>
    private static byte[] Notice(Completeness completeness) =>
        completeness.IsWhole
            ? []
            : Encoding.UTF8.GetBytes($"<p>This list may be incomplete: {HtmlPage.Text(completeness.WhoIsAway())}.</p>\r\n");

    private static void AppendLine(Utf8Output output, in Entry entry, ListingDate date)
    {
        var name = entry.NameUtf8.Span;
        var text = new Utf8Text(output.Room);
        text.Append("<a href=\""u8);
        text.AppendPercentEncoded(name);
        if (entry.IsDirectory) text.Append((byte)'/');
        text.Append("\">"u8);
        AppendNameColumn(ref text, name, entry.IsDirectory);
        text.Append((byte)' ');
        date.Append(ref text, entry.Modified);
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
        text.Append("\r\n"u8);
        output.Advance(text.Length);
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

    private static void AppendTail(Utf8Output output)
    {
        var text = new Utf8Text(output.Room);
        text.Append("</pre><hr></body>\r\n</html>\r\n"u8);
        output.Advance(text.Length);
    }
}
