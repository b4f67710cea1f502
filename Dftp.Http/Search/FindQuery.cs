using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dftp.FileSystem;
using Dftp.Http.Text;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Search;

internal enum FindFormat
{
    Text,
    Json,
    Html,
}

/// <summary>The query of <c>/find/</c>. An empty one matches every file.</summary>
internal sealed record FindQuery(SearchQuery Search, FindFormat Format)
{
    private static readonly string[] DateForms =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK"];

    /// <param name="request">The query string.</param>
    /// <param name="path">The request's path, to which <c>under</c> is relative.</param>
    /// <param name="query">The valid parts of the query.</param>
    /// <param name="complaint">A sentence about the invalid part; null if there is none.</param>
    public static bool TryRead(HttpRequest request, VirtualPath path, out FindQuery query, [NotNullWhen(false)] out string? complaint)
    {
        query = new FindQuery(new SearchQuery { Under = path, IsDirectory = false }, FindFormat.Text);
        complaint = null;
        if (!request.QueryString.HasValue) return true;

        // A browser names HTML in Accept; programs that accept anything get lines.
        if (MediaTypes.Prefers(request, MediaTypes.Html)) query = query with { Format = FindFormat.Html };
        foreach (var (name, values) in request.Query)
        {
            // An empty form field is ignored.
            if (values is [""]) continue;
            var read = name switch
            {
                "name" => TryReadName(query, Single(values)),
                "under" => TryReadUnder(query, path, Single(values)),
                "type" => TryReadType(query, Single(values)),
                "larger" => TryReadSize(query, Single(values)),
                "newer" => TryReadDate(query, Single(values)),
                "node" => TryReadNode(query, Single(values)),
                "limit" => TryReadLimit(query, Single(values)),
                "format" => Single(values) switch
                {
                    "txt" => query with { Format = FindFormat.Text },
                    "json" => query with { Format = FindFormat.Json },
                    "html" => query with { Format = FindFormat.Html },
                    _ => null,
                },
                _ => query,
            };
            if (read is null)
            {
                complaint = Complain(name);
                return false;
            }

            query = read;
        }

        return true;
    }

    private static string Complain(string name) => name switch
    {
        "name" => "name is a pattern such as *.txt, report-202? or [a-c]*; without such signs it is looked for anywhere in the name.",
        "under" => "under is the path of a directory.",
        "type" => "type is file, dir or any.",
        "larger" => "larger is a number of bytes, or one with k, M, G or T after it.",
        "newer" => "newer is a date such as 2026-01-31 or 2026-01-31T12:00Z.",
        "node" => "node is the name of a node.",
        "limit" => "limit is a number from 1 on.",
        _ => "format is txt, json or html.",
    };

    private static string Single(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 1 ? values[0] ?? "" : "";

    private static FindQuery? TryReadName(FindQuery query, string text) =>
        GlobPattern.TryParse(text, out var pattern) ? query with { Search = query.Search with { Name = pattern } } : null;

    private static FindQuery? TryReadUnder(FindQuery query, VirtualPath path, string text) =>
        text.Length > 0 && path.TryResolve(text, out var under) ? query with { Search = query.Search with { Under = under } } : null;

    private static FindQuery? TryReadType(FindQuery query, string text) => text switch
    {
        "file" => query with { Search = query.Search with { IsDirectory = false } },
        "dir" => query with { Search = query.Search with { IsDirectory = true } },
        "any" => query with { Search = query.Search with { IsDirectory = null } },
        _ => null,
    };

    private static FindQuery? TryReadSize(FindQuery query, string text)
    {
        var shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        var digits = shift > 0 ? text[..^1] : text;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue >> shift
            ? query with { Search = query.Search with { LargerThan = number << shift } }
            : null;
    }

    /// <summary>UTC if there is no time zone.</summary>
    private static FindQuery? TryReadDate(FindQuery query, string text) =>
        DateTimeOffset.TryParseExact(
            text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)
            ? query with { Search = query.Search with { NotBefore = UnixTime.From(date) } }
            : null;

    private static FindQuery? TryReadNode(FindQuery query, string text) =>
        NodeName.TryParse(text, out var node) ? query with { Search = query.Search with { Node = node } } : null;

    private static FindQuery? TryReadLimit(FindQuery query, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? query with { Search = query.Search with { Limit = limit } }
            : null;
}
