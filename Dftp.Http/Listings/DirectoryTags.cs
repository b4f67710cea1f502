using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Listings;

/// <summary>
/// Entity tags of listings. An unchanged directory is the same object in every snapshot, so a random number per object identifies its
/// version without reading its entries. A sequence of numbers would tell how much others list. The tags are valid in this process only.
/// </summary>
internal sealed class DirectoryTags
{
    private readonly ConditionalWeakTable<object, string> _numbers = [];

    /// <returns>Null when the tree cannot distinguish versions of a directory.</returns>
    public string? Of(TreeRequest request, ListingQuery query)
    {
        if (request.Snapshot.Identity(request.Path) is not { } identity) return null;
        var number = _numbers.GetValue(identity, static _ => RandomNumberGenerator.GetHexString(16, lowercase: true));
        var away = request.Completeness.IsWhole ? 0 : (uint)request.Completeness.MissingNodes().GetHashCode(StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"W/\"{number}-{away:x}-{(int)query.Format}{(int)query.Sort}{(query.IsDescending ? 1 : 0)}\"");
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
