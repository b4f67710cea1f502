using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

/// <summary>A form in which what was found is written.</summary>
internal abstract class FoundForm
{
    /// <summary>No hit takes more bytes.</summary>
    public abstract int MaxLine { get; }

    /// <summary>Hits that are written where the query names no limit.</summary>
    public virtual int? DefaultLimit => null;

    public abstract void WriteHeaders(HttpResponse response);

    public virtual byte[] Head() => [];

    public abstract void Append(Utf8Output output, in WalkEntry step);

    /// <param name="found">How many hits were written.</param>
    /// <param name="isCut">There may be more.</param>
    public virtual byte[] Tail(int found, bool isCut) => [];
}
