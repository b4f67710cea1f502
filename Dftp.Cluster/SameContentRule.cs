using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>
/// A transfer continues at another holder only if the content is known to be the same: by equal digests; or, if one of them is unknown, by
/// equal sizes and equal times with a part below the second, unless a holder says that these do not tell its versions apart.
/// </summary>
/// <remarks>Archives, image builders and many copies leave whole seconds, which different files share.</remarks>
internal static class SameContentRule
{
    /// <param name="file">The file that was read until now.</param>
    /// <param name="digest">Its digest, if known.</param>
    /// <param name="other">The copy with which the transfer would continue.</param>
    /// <param name="otherDigest">Its digest, if known.</param>
    public static bool Holds(in Entry file, ContentDigest? digest, in Entry other, ContentDigest? otherDigest)
    {
        if (file.Size != other.Size) return false;
        if (digest is { } known && otherDigest is { } otherKnown) return known == otherKnown;
        return file.Modified == other.Modified && !file.Modified.IsWholeSecond && file.Version.Revision == 0 && other.Version.Revision == 0;
    }
}
