using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Files;

internal enum Condition
{
    /// <summary>Not sent, or invalid and to be ignored according to the RFC.</summary>
    Absent,
    Holds,
    Fails,
}

/// <summary>The conditional headers of a GET or HEAD, each evaluated separately (RFC 9110 section 13.1).</summary>
internal readonly record struct Preconditions(
    Condition IfMatch, Condition IfUnmodifiedSince, Condition IfNoneMatch, Condition IfModifiedSince, Condition IfRange)
{
    public static Preconditions Read(IHeaderDictionary headers, in Validators file) => new(
        Match(headers.IfMatch, file, weak: false),
        Since(headers.IfUnmodifiedSince, file) is { } unmodified ? Holding(file.ModifiedSeconds <= unmodified) : Condition.Absent,
        Inverse(Match(headers.IfNoneMatch, file, weak: true)),
        Since(headers.IfModifiedSince, file) is { } modified ? Holding(file.ModifiedSeconds > modified) : Condition.Absent,
        Range(headers.IfRange, file));

    /// <summary>Whether the list contains the file's tag, or is <c>*</c>, which matches any existing file.</summary>
    private static Condition Match(StringValues header, in Validators file, bool weak)
    {
        if (header.Count == 0) return Condition.Absent;
        if (header.Count == 1 && header[0] == file.ETag) return Holding(weak || !file.IsWeak);
        if (!EntityTagHeaderValue.TryParseList(header, out var tags)) return Condition.Fails;
        foreach (var tag in tags)
        {
            if (tag.Equals(EntityTagHeaderValue.Any)) return Condition.Holds;
            if ((weak || (!tag.IsWeak && !file.IsWeak)) && tag.Tag.AsSpan().SequenceEqual(file.OpaqueTag)) return Condition.Holds;
        }

        return Condition.Fails;
    }

    /// <summary>
    /// A date, or nothing if "the field value is not a valid HTTP-date, or has more than one member, or if the resource does not
    /// have a modification date available".
    /// </summary>
    private static long? Since(StringValues header, in Validators file) =>
        file.ModifiedSeconds is not null && header.Count == 1 && HeaderUtilities.TryParseDate(header[0], out var date)
            ? date.ToUnixTimeSeconds()
            : null;

    /// <summary>An entity tag by strong comparison, or a date that is exactly the file's.</summary>
    private static Condition Range(StringValues header, in Validators file)
    {
        if (header.Count == 0) return Condition.Absent;
        if (header.Count > 1) return Condition.Fails;
        if (header[0] == file.ETag) return Holding(!file.IsWeak);
        return Holding(Since(header, file) is { } date && date == file.ModifiedSeconds);
    }

    private static Condition Holding(bool holds) => holds ? Condition.Holds : Condition.Fails;

    private static Condition Inverse(Condition condition) => condition switch
    {
        Condition.Holds => Condition.Fails,
        Condition.Fails => Condition.Holds,
        _ => Condition.Absent,
    };
}
