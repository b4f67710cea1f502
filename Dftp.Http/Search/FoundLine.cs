using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Listings;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

/// <summary>Writes search results, one per line. The common prefix of a directory's lines is encoded once.</summary>
internal sealed class FoundLine(bool isJson) : FoundForm
{
    private readonly byte[] _prefix = new byte[2 * (VirtualPath.MaxPathBytes + 1)];
    private string? _directory;
    private int _length;

    /// <summary>Enough for a line of either format.</summary>
    public override int MaxLine => 2 * (VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes) + EntryJson.MaxFacts + 16;

    public override void WriteHeaders(HttpResponse response) =>
        response.ContentType = isJson ? "application/x-ndjson" : PlainText.ContentType;

    public override void Append(Utf8Output output, in WalkEntry step)
    {
        // A walk returns the same instance for all entries of a directory.
        if (!ReferenceEquals(step.Directory.Value, _directory)) WorkOut(step.Directory);
        var text = new Utf8Text(output.Room);
        var entry = step.Entry;
        if (isJson)
        {
            text.Append("{\"path\":\""u8);
            text.Append(_prefix.AsSpan(0, _length));
            text.AppendJson(entry.NameUtf8.Span);
            text.Append((byte)'"');
            EntryJson.AppendFacts(ref text, entry);
            text.Append((byte)'}');
        }
        else
        {
            text.Append(_prefix.AsSpan(0, _length));
            text.Append(entry.NameUtf8.Span);
            if (entry.IsDirectory) text.Append((byte)'/');
        }

        text.Append((byte)'\n');
        output.Advance(text.Length);
    }

    private void WorkOut(VirtualPath directory)
    {
        _directory = directory.Value;
        var utf8 = Encoding.UTF8.GetBytes(directory.IsRoot ? "/" : directory.Value + "/");
        var text = new Utf8Text(_prefix);
        if (isJson) text.AppendJson(utf8);
        else text.Append(utf8);
        _length = text.Length;
    }
}
