using Dftp.FileSystem;

namespace Dftp.Cluster.Connections;

/// <summary>The digest fields of RFC 9530 in the form that nodes use: one algorithm, one member.</summary>
internal static class DigestField
{
    public const string WantName = "Want-Repr-Digest";

    public const string Wanted = "sha-256=10";

    public const string Name = "Repr-Digest";

    private const string Algorithm = "sha-256=:";

    /// <summary>Reads the value of a field.</summary>
    public static ContentDigest? Read(string field)
    {
        foreach (var member in field.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!member.StartsWith(Algorithm, StringComparison.Ordinal)) continue;
            var end = member.IndexOf(':', Algorithm.Length);
            if (end > 0 && ContentDigest.TryFromBase64(member[Algorithm.Length..end], out var digest)) return digest;
        }

        return null;
    }
}
