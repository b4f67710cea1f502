using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>A format of listings: the text before the entries, each entry, and the text after.</summary>
internal abstract class ListingForm
{
    /// <summary>The maximum of bytes per entry.</summary>
    public abstract int MaxLine { get; }

    public abstract ReadOnlyMemory<byte> Tail { get; }

    public abstract void WriteHeaders(HttpResponse response);

    public abstract byte[] Head();

    public abstract void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst);
}
