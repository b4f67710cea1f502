using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

/// <summary>A form in which a directory is written: what comes before its entries, each of them, and what comes after.</summary>
internal abstract class ListingForm
{
    /// <summary>No entry takes more bytes.</summary>
    public abstract int MaxLine { get; }

    public abstract ReadOnlyMemory<byte> Tail { get; }

    public abstract void WriteHeaders(HttpResponse response);

    public abstract byte[] Head();

    public abstract void AppendLine(ref Utf8Text text, in Entry entry, bool isFirst);
}
