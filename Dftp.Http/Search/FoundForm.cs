using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

/// <summary>A format of search results.</summary>
internal abstract class FoundForm
{
    /// <summary>The maximum of bytes per hit.</summary>
    public abstract int MaxLine { get; }

    /// <summary>The default limit of hits.</summary>
    public virtual int? DefaultLimit => null;

    public abstract void WriteHeaders(HttpResponse response);

    public virtual byte[] Head() => [];

    public abstract void Append(Utf8Output output, in WalkEntry step);

    /// <param name="found">The number of hits written.</param> <param name="isCut">Whether there may be more.</param>
    public virtual byte[] Tail(int found, bool isCut) => [];
}
