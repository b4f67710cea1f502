using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Files;

internal enum Condition
{
    /// <summary>Not sent, or not understood where the RFC says to ignore it then.</summary>
    Absent,
    Holds,
    Fails,
}

/// <summary>The conditional headers of a GET or HEAD, each judged by itself (RFC 9110 section 13.1).</summary>
internal readonly record struct Preconditions(
    Condition IfMatch, Condition IfUnmodifiedSince, Condition IfNoneMatch, Condition IfModifiedSince, Condition IfRange)
{
    public static Preconditions Read(IHeaderDictionary headers, in Validators file) => new(
        Match(headers.IfMatch, file, weak: false),
        Since(headers.IfUnmodifiedSince) is { } unmodified ? Holding(file.ModifiedSeconds <= unmodified) : Condition.Absent,
        Inverse(Match(headers.IfNoneMatch, file, weak: true)),
        Since(headers.IfModifiedSince) is { } modified ? Holding(file.ModifiedSeconds > modified) : Condition.Absent,
        Range(headers.IfRange, file));

    /// <summary>Whether the list has the file's tag, or is <c>*</c>, which any file that exists matches.</summary>
    private static Condition Match(StringValues header, in Validators file, bool weak)
    {
        if (header.Count == 0) return Condition.Absent;
        if (header.Count == 1 && header[0] == file.ETag) return Condition.Holds;
        if (!EntityTagHeaderValue.TryParseList(header, out var tags)) return Condition.Fails;
        foreach (var tag in tags)
        {
            if (tag.Equals(EntityTagHeaderValue.Any)) return Condition.Holds;
            if ((weak || !tag.IsWeak) && tag.Tag == file.ETag) return Condition.Holds;
        }

        return Condition.Fails;
    }

    /// <summary>A date, or nothing where "the field value is not a valid HTTP-date, or has more than one member".</summary>
    private static long? Since(StringValues header) =>
        header.Count == 1 && HeaderUtilities.TryParseDate(header[0], out var date) ? date.ToUnixTimeSeconds() : null;

    /// <summary>An entity tag by strong comparison, or a date that is exactly the file's.</summary>
    private static Condition Range(StringValues header, in Validators file)
    {
        if (header.Count == 0) return Condition.Absent;
        if (header.Count > 1) return Condition.Fails;
        return Holding(header[0] == file.ETag || Since(header) == file.ModifiedSeconds);
    }

    private static Condition Holding(bool holds) => holds ? Condition.Holds : Condition.Fails;

    private static Condition Inverse(Condition condition) => condition switch
    {
        Condition.Holds => Condition.Fails,
        Condition.Fails => Condition.Holds,
        _ => Condition.Absent,
    };
}
