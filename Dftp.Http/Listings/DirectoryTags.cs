using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Listings;

/// <summary>
/// Entity tags of listings. A directory that has not changed is the same object in every snapshot, so its number says which version of it
/// was shown, without a look at its entries. The numbers mean something to this process only.
/// </summary>
internal sealed class DirectoryTags
{
    private readonly string _process = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private readonly ConditionalWeakTable<object, StrongBox<long>> _numbers = [];
    private long _last;

    /// <returns>Null where the tree cannot tell versions of a directory apart.</returns>
    public string? Of(TreeRequest request, ListingQuery query)
    {
        if (request.Snapshot.Identity(request.Path) is not { } identity) return null;
        var number = _numbers.GetValue(identity, _ => new StrongBox<long>(Interlocked.Increment(ref _last))).Value;
        var away = request.Completeness.IsWhole ? 0 : (uint)request.Completeness.WhoIsAway().GetHashCode(StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"W/\"{_process}-{number:x}-{away:x}-{(int)query.Format}{(int)query.Sort}{(query.IsDescending ? 1 : 0)}\"");
    }

    /// <summary>Whether If-None-Match names the tag: RFC 9110 section 13.1.2, by weak comparison.</summary>
    public static bool IsKnown(StringValues ifNoneMatch, string tag)
    {
        if (ifNoneMatch.Count == 0) return false;
        if (!EntityTagHeaderValue.TryParseList(ifNoneMatch, out var known)) return false;
        var shown = EntityTagHeaderValue.Parse(tag);
        return known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(shown, useStrongComparison: false));
    }
}
