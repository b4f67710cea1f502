using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>
/// An array in the format of nginx' <c>autoindex_format json</c>: <c>name</c>, <c>type</c>, <c>mtime</c> and a file's <c>size</c>.
/// Additions are <c>owner</c>, <c>holders</c> (the number of nodes that have it), and a directory's <c>bytes</c> (the total size of
/// all files below it).
/// </summary>
internal sealed class JsonListing : ListingForm
{
    public override int MaxLine => EntryJson.MaxFacts + 2 * VirtualPath.MaxNameBytes + 16;

    public override ReadOnlyMemory<byte> Tail { get; } = "\r\n]"u8.ToArray();

    public override void WriteHeaders(HttpResponse response) => response.ContentType = EntryJson.ContentType;

    public override byte[] Head() => "["u8.ToArray();

    public override void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst)
    {
        text.Append(isFirst ? "\r\n{ \"name\":\""u8 : ",\r\n{ \"name\":\""u8);
        text.AppendJson(entry.NameUtf8.Span);
        text.Append((byte)'"');
        EntryJson.AppendFacts(ref text, entry);
        text.Append(" }"u8);
    }
}
