using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>Names only, one per line, directories with a trailing slash.</summary>
internal sealed class NameListing : ListingForm
{
    public override int MaxLine => VirtualPath.MaxNameBytes + 2;

    public override ReadOnlyMemory<byte> Tail => default;

    public override void WriteHeaders(HttpResponse response) => response.ContentType = PlainText.ContentType;

    public override byte[] Head() => [];

    public override void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst)
    {
        text.Append(entry.NameUtf8.Span);
        if (entry.IsDirectory) text.Append((byte)'/');
        text.Append((byte)'\n');
    }
}
