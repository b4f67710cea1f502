using Dftp.FileSystem;

namespace Dftp.Cluster;

/// <summary>
/// A transfer goes on at another holder only where the content is known to be the same: by equal digests; or, where one of them is not known, by
/// an equal size and an equal time with a part below the second, unless a holder says that these do not tell its versions apart.
/// </summary>
/// <remarks>Archives, image builders and many copies leave whole seconds, which different files share.</remarks>
internal static class SameContentRule
{
    /// <param name="file">What was read until now.</param>
    /// <param name="digest">Its digest, where it is known.</param>
    /// <param name="other">Where the transfer would go on.</param>
    /// <param name="otherDigest">Its digest, where it is known.</param>
    public static bool Holds(in Entry file, ContentDigest? digest, in Entry other, ContentDigest? otherDigest)
    {
        if (file.Size != other.Size) return false;
        if (digest is { } known && otherDigest is { } otherKnown) return known == otherKnown;
        return file.Modified == other.Modified && !file.Modified.IsWholeSecond && file.Version.Revision == 0 && other.Version.Revision == 0;
    }
}
