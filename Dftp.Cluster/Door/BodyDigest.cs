using System.Security.Cryptography;

namespace Dftp.Cluster.Door;

/// <summary>The SHA-256 of a body as a Content-Digest field (RFC 9530 section 2).</summary>
internal static class BodyDigest
{
    private const string Algorithm = "sha-256=:";

    /// <summary>The value of the field for a body.</summary>
    public static string FieldOf(ReadOnlySpan<byte> body) => Field(SHA256.HashData(body));

    /// <summary>The value of the field for a digest.</summary>
    public static string Field(ReadOnlySpan<byte> sha256) => $"{Algorithm}{Convert.ToBase64String(sha256)}:";

    /// <summary>Whether the field is exactly ours, with this digest.</summary>
    public static bool Matches(string field, ReadOnlySpan<byte> sha256) => field == Field(sha256);
}
