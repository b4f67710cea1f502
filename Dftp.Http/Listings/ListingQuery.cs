using System.Diagnostics.CodeAnalysis;
using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Listings;

internal enum ListingFormat
{
    Html,
    Json,
    Text,
}

internal enum ListingSort
{
    Name,
    Time,
    Size,
}

/// <summary>The requested format and order of a listing: <c>?format=&amp;sort=&amp;order=</c>.</summary>
internal sealed record ListingQuery(ListingFormat Format, ListingSort Sort, bool IsDescending)
{
    private static readonly ListingQuery Plain = new(ListingFormat.Html, ListingSort.Name, false);

    /// <param name="request">Its query, and its Accept header if the query has no format.</param>
    /// <param name="query">The parsed query.</param>
    /// <param name="complaint">A sentence about what is wrong with an invalid query.</param>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out ListingQuery? query, [NotNullWhen(false)] out string? complaint)
    {
        query = Plain with { Format = Accepted(request) };
        complaint = null;
        if (!request.QueryString.HasValue) return true;
        foreach (var (name, values) in request.Query)
        {
            query = (name, values.Count == 1 ? values[0] : null) switch
            {
                ("format", "html") => query with { Format = ListingFormat.Html },
                ("format", "json") => query with { Format = ListingFormat.Json },
                ("format", "txt") => query with { Format = ListingFormat.Text },
                ("sort", "name") => query with { Sort = ListingSort.Name },
                ("sort", "time") => query with { Sort = ListingSort.Time },
                ("sort", "size") => query with { Sort = ListingSort.Size },
                ("order", "asc") => query with { IsDescending = false },
                ("order", "desc") => query with { IsDescending = true },
                ("format" or "sort" or "order", _) => null,
                _ => query,
            };
            if (query is not null) continue;
            complaint = name switch
            {
                "format" => "format is html, json or txt.",
                "sort" => "sort is name, time or size.",
                _ => "order is asc or desc.",
            };
            return false;
        }

        return true;
    }

    /// <summary>Directories come before files; names break ties.</summary>
    public IAsyncEnumerable<ReadOnlyMemory<Entry>> ArrangeAsync(IAsyncEnumerable<ReadOnlyMemory<Entry>> byName) =>
        this is { Sort: ListingSort.Name, IsDescending: false } ? byName : SortedEntries.OfAsync(byName, Sort, IsDescending);

    /// <summary>
    /// JSON only for a client that names it and prefers it to HTML: browsers name HTML, and most programs name neither.
    /// </summary>
    private static ListingFormat Accepted(HttpRequest request) =>
        MediaTypes.Prefers(request, MediaTypes.Json) ? ListingFormat.Json : ListingFormat.Html;
}
