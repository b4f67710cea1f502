using System.Buffers.Text;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Connections;

/// <summary>What a peer's response says about its copy.</summary>
/// <param name="WholeLength">The length of the body, which is the file's size if the status is 200.</param>
/// <param name="From">The first byte of the range; null if the response has none.</param>
/// <param name="To">The last byte of the range.</param>
/// <param name="RangeOf">The size of the whole file, from Content-Range.</param>
/// <param name="ExactModified">From <see cref="ModifiedHeader"/>.</param>
/// <param name="LastModified">In whole seconds.</param>
/// <param name="Digest">The digest of the whole file; null if the response has none.</param>
/// <param name="Version">From <see cref="VersionHeader"/>.</param>
internal readonly record struct PeerFileFacts(
    long? WholeLength, long? From, long? To, long? RangeOf, UnixTime? ExactModified, UnixTime? LastModified, ContentDigest? Digest,
    ContentVersion Version = default)
{
    /// <summary>The modification time in nanoseconds, which Last-Modified rounds to seconds. Legacy nodes do not send it.</summary>
    public const string ModifiedHeader = "X-Dftp-Modified";

    /// <summary>
    /// Two hexadecimal numbers: the fingerprint and, after a hyphen, the revision of <see cref="ContentVersion"/>. Not sent by legacy
    /// nodes.
    /// </summary>
    public const string VersionHeader = "X-Dftp-Version";

    /// <summary>Describes the copy that was requested as <paramref name="file"/>, by the response.</summary>
    /// <param name="size">The size of the whole file in bytes.</param>
    /// <param name="file">The known entry. It supplies what the response does not say.</param>
    /// <param name="peer">The responding peer.</param>
    public Entry Describe(long size, in Entry file, NodeName peer)
    {
        // Whole seconds that agree with a known exact time add nothing.
        var modified = ExactModified ?? (LastModified is { } time && time.Seconds != file.Modified.Seconds ? time : file.Modified);
        var version = Version;
        // If the holder sends no version, its tags must at least differ from those of other holders.
        if (version == default && modified.IsWholeSecond && !modified.IsPlaceholder)
            version = new ContentVersion(NameBytes.Hash(1, Encoding.UTF8.GetBytes(peer.Value)), 0);
        return file.With(size, modified, peer, version);
    }

    /// <summary>Adds one header field. An invalid value is ignored. Of repeated times the first counts.</summary>
    public PeerFileFacts With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(name, "Content-Range"u8)) return WithRange(value);
        if (ExactModified is null && Ascii.EqualsIgnoreCase(name, ModifiedHeader))
            return Utf8Parser.TryParse(value, out long exact, out var used) && used == value.Length
                ? this with { ExactModified = new UnixTime(exact) } : this;
        if (LastModified is null && Ascii.EqualsIgnoreCase(name, "Last-Modified"u8))
            return Utf8Parser.TryParse(value, out DateTimeOffset time, out var end, 'R') && end == value.Length
                ? this with { LastModified = UnixTime.From(time) } : this;
        if (Ascii.EqualsIgnoreCase(name, VersionHeader)) return this with { Version = ReadVersion(value) };
        if (Ascii.EqualsIgnoreCase(name, DigestField.Name))
            return this with { Digest = Digest ?? DigestField.Read(Encoding.ASCII.GetString(value)) };
        return this;
    }

    private static ContentVersion ReadVersion(ReadOnlySpan<byte> value)
    {
        if (!Utf8Parser.TryParse(value, out ulong fingerprint, out var used, 'x')) return default;
        if (used == value.Length) return new ContentVersion(0, fingerprint);
        return value[used] == '-' && Utf8Parser.TryParse(value[(used + 1)..], out ulong revision, out var more, 'x')
            && used + 1 + more == value.Length
            ? new ContentVersion(revision, fingerprint)
            : default;
    }

    private PeerFileFacts WithRange(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith("bytes "u8)) return this;
        value = value["bytes ".Length..];
        var slash = value.IndexOf((byte)'/');
        if (slash < 0) return this;
        var range = value[..slash];
        var whole = value[(slash + 1)..];
        var dash = range.IndexOf((byte)'-');
        long? size = null, from = null, to = null;
        if (TryParse(whole, out var count)) size = count;
        else if (!whole.SequenceEqual("*"u8)) return this;
        if (dash > 0 && TryParse(range[..dash], out var first) && TryParse(range[(dash + 1)..], out var last)) (from, to) = (first, last);
        else if (!range.SequenceEqual("*"u8)) return this;
        return this with { From = from, To = to, RangeOf = size };
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out long count) =>
        Utf8Parser.TryParse(digits, out count, out var used) && used == digits.Length && count >= 0;
}
